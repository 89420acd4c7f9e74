using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Tersor.Compression.Answers;
using Tersor.Plans;

namespace Tersor.Compression.Budgets;

/// <summary>
/// A file that every finished trial is appended to, so that a search which was stopped goes on where it was: JSON lines, the first of which says what the trials are of. The
/// search itself is not in it: made again with the same trials, it takes the same way. A last line that was not written to its end is dropped.
/// </summary>
public sealed class SearchJournal : IDisposable
{
    private readonly FileStream _file;
    private readonly Dictionary<string, JournalEntry> _entries;

    private SearchJournal(FileStream file, Dictionary<string, JournalEntry> entries) => (_file, _entries) = (file, entries);

    /// <summary>Trials in the file.</summary>
    public int Count => _entries.Count;

    /// <summary>Opens a journal to go on with, or starts one where there is none.</summary>
    /// <param name="path">The file; its folder is made where missing.</param>
    /// <param name="subject">What the trials are of.</param>
    /// <exception cref="SearchJournalException">The file is a journal of something else, damaged, or none.</exception>
    /// <exception cref="IOException">It cannot be read or written, or another search has it open.</exception>
    public static SearchJournal Open(string path, JournalSubject subject)
    {
        ArgumentNullException.ThrowIfNull(path);
        ArgumentNullException.ThrowIfNull(subject);
        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
        FileStream file = new(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.Read);
        try
        {
            return new SearchJournal(file, Read(file, path, subject));
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _file.Dispose();

    /// <summary>What came of a plan in an earlier run; null where it was not tried.</summary>
    internal BudgetTrial? Find(string key, CompressionPlan plan) =>
        _entries.TryGetValue(key, out JournalEntry? entry) ? new BudgetTrial(plan, entry.Bytes, entry.Change) : null;

    /// <summary>Appends a trial.</summary>
    internal void Add(string key, BudgetTrial trial)
    {
        JournalEntry entry = new(key, trial.Bytes, trial.Change);
        _entries.Add(key, entry);
        WriteLine(_file, JsonSerializer.Serialize(entry, JournalJson.Default.JournalEntry));
    }

    private static Dictionary<string, JournalEntry> Read(FileStream file, string path, JournalSubject subject)
    {
        byte[] bytes = new byte[file.Length];
        file.ReadExactly(bytes);
        string header = JsonSerializer.Serialize(subject, JournalJson.Default.JournalSubject);
        int end = Array.LastIndexOf(bytes, (byte)'\n') + 1;

        // Only what can be the beginning of a journal may be overwritten.
        if (end == 0 && !header.StartsWith(Encoding.UTF8.GetString(bytes), StringComparison.Ordinal)) throw new SearchJournalException($"{path}: no journal of a search; name another file");
        file.SetLength(end);
        Dictionary<string, JournalEntry> entries = new(StringComparer.Ordinal);
        if (end == 0)
        {
            WriteLine(file, header);
            return entries;
        }

        string[] lines = Encoding.UTF8.GetString(bytes, 0, end - 1).Split('\n');
        Parse(lines[0], JournalJson.Default.JournalSubject, found => found.Format == JournalSubject.CurrentFormat, $"{path}: no journal of a search; name another file").CheckAgainst(subject, path);
        for (int i = 1; i < lines.Length; i++)
        {
            JournalEntry entry = Parse(lines[i], JournalJson.Default.JournalEntry, found => found.Key is not null && found.Bytes >= 0, $"{path}: line {i + 1} is damaged; remove it, or name another file");
            entries[entry.Key] = entry;
        }

        file.Position = end;
        return entries;
    }

    private static T Parse<T>(string line, JsonTypeInfo<T> type, Func<T, bool> isWhole, string problem)
        where T : class
    {
        try
        {
            return JsonSerializer.Deserialize(line, type) is { } value && isWhole(value) ? value : throw new SearchJournalException(problem);
        }
        catch (JsonException error)
        {
            throw new SearchJournalException(problem, error);
        }
    }

    private static void WriteLine(FileStream file, string line)
    {
        file.Write(Encoding.UTF8.GetBytes(line + "\n"));
        file.Flush();
    }
}

/// <summary>One trial.</summary>
internal sealed record JournalEntry(string Key, long Bytes, AnswerChange? Change);

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    IgnoreReadOnlyProperties = true)]
[JsonSerializable(typeof(JournalSubject))]
[JsonSerializable(typeof(JournalEntry))]
internal sealed partial class JournalJson : JsonSerializerContext;
