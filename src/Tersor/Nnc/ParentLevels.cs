namespace Tersor.Nnc;

/// <summary>What a tensor's update is coded against (section 9.6): the levels of the update before it, and where any before it was not zero.</summary>
/// <param name="Levels">Row-major.</param>
/// <param name="History">1 where any earlier update was not zero, else 0.</param>
internal sealed record ParentLevels(int[] Levels, byte[] History);
