namespace Tersor.EntropyCoding;

/// <summary>The outcome of <see cref="LevelSyntaxSearch"/>.</summary>
/// <param name="Syntax">The syntax with the chosen number of greater-than flags and scan order.</param>
/// <param name="RowSkipping">On or off.</param>
/// <param name="Bits">What the tensor will cost, estimated.</param>
internal readonly record struct LevelSyntaxChoice(LevelSyntax Syntax, RowSkipping RowSkipping, double Bits);
