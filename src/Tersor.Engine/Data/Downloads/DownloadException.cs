namespace Tersor.Engine.Data;

/// <summary>A file could not be fetched, or is not the one that was published. The message names the address and what came instead, in one line.</summary>
/// <param name="message">What happened, where.</param>
/// <param name="isDamaged">Whether bytes came, but wrong ones.</param>
/// <param name="cause">The failure of the transport.</param>
public sealed class DownloadException(string message, bool isDamaged, Exception? cause = null) : Exception(message, cause)
{
    /// <summary>Whether bytes came, but wrong ones; otherwise the place could not be reached or has no such file.</summary>
    public bool IsDamaged => isDamaged;
}
