namespace Tersor.Compression.Recipes;

/// <summary>A recipe is not what it should be: everything that is wrong with it, before anything runs.</summary>
public sealed class RecipeException : Exception
{
    /// <summary>Says what is wrong where.</summary>
    /// <param name="source">The recipe's file, or what it is called.</param>
    /// <param name="problems">One line each.</param>
    public RecipeException(string source, IReadOnlyList<string> problems)
        : base($"{source}: {string.Join("; ", problems)}")
    {
        Problems = problems;
    }

    /// <summary>One line each, with the line of the recipe where there is one.</summary>
    public IReadOnlyList<string> Problems { get; }
}
