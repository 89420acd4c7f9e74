namespace Tersor.Engine.Kernels;

/// <summary>How element-wise work is cut into tasks: large enough to be worth a thread, small enough to stay in its cache.</summary>
internal readonly struct ElementRange
{
    public const int ElementsPerTask = 16 << 10;

    public ElementRange(int task, int length)
    {
        Start = task * ElementsPerTask;
        Length = Math.Min(ElementsPerTask, length - Start);
    }

    public int Start { get; }

    public int Length { get; }

    public static int Tasks(int length) => (int)(((long)length + ElementsPerTask - 1) / ElementsPerTask);
}
