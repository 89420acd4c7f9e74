namespace Tersor.Models;

/// <summary>The work would need more memory, disk or array elements than are there or allowed. The message says how much and what to do.</summary>
public sealed class ResourceLimitException : Exception
{
    /// <summary>Says what ran out.</summary>
    public ResourceLimitException(string message, Exception? inner = null)
        : base(message, inner)
    {
    }
}
