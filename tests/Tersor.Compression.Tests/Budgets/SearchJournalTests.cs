using Tersor.Compression.Answers;
using Tersor.Compression.Budgets;
using Tersor.Plans;
using Tersor.Tests;

namespace Tersor.Compression.Tests.Budgets;

public sealed class SearchJournalTests : IDisposable
{
    private static readonly JournalSubject Subject = new("tersor 1", "model", "data");
    private static readonly CompressionPlan Plan = new() { Tensors = [] };

    private readonly TemporaryFolder _folder = new();

    private string JournalPath => _folder["some/journal.jsonl"];

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Trials_ComeBackAsTheyWere()
    {
        BudgetTrial classes = new(Plan, 123, new AnswerChange(7, 0.1 + 0.2, 1e-300, 5, 2, 0));
        BudgetTrial targets = new(Plan, 5, new AnswerChange(7, 0.25, double.NaN, 0, 0, 0));
        BudgetTrial size = new(Plan, 9, null);
        Write(("a", classes), ("b", targets));
        Write(("c", size));

        using SearchJournal journal = SearchJournal.Open(JournalPath, Subject);
        Assert.Equal(3, journal.Count);
        Assert.Equal([classes, targets, size, null], new[] { "a", "b", "c", "d" }.Select(key => journal.Find(key, Plan)));
    }

    /// <summary>Wherever a write stopped, what was whole before it is there and the next trial starts a line of its own.</summary>
    [Fact]
    public void LineThatWasNotWrittenToItsEnd_IsDropped()
    {
        Write(("a", new BudgetTrial(Plan, 1, null)));
        int whole = File.ReadAllBytes(JournalPath).Length;
        Write(("b", new BudgetTrial(Plan, 2, null)));
        byte[] bytes = File.ReadAllBytes(JournalPath);
        for (int length = 0; length < bytes.Length; length++)
        {
            File.WriteAllBytes(JournalPath, bytes[..length]);
            Write(("c", new BudgetTrial(Plan, 3, null)));
            using SearchJournal journal = SearchJournal.Open(JournalPath, Subject);
            Assert.Equal(length >= whole, journal.Find("a", Plan) is not null);
            Assert.Null(journal.Find("b", Plan));
            Assert.NotNull(journal.Find("c", Plan));
        }
    }

    [Theory]
    [InlineData("of another model", "tersor 1", "other", "data")]
    [InlineData("of other data, another seed or other preprocessing", "tersor 1", "model", "other")]
    [InlineData("by tersor 1, this is tersor 2", "tersor 2", "model", "data")]
    public void JournalOfSomethingElse_IsRefusedAndLeftAlone(string reason, string tool, string model, string data)
    {
        Write(("a", new BudgetTrial(Plan, 1, null)));
        byte[] before = File.ReadAllBytes(JournalPath);

        SearchJournalException refusal = Assert.Throws<SearchJournalException>(() => SearchJournal.Open(JournalPath, new JournalSubject(tool, model, data)));

        Assert.Equal($"{JournalPath}: the trials in this journal are {reason}; name another file, or remove it", refusal.Message);
        Assert.Equal(before, File.ReadAllBytes(JournalPath));
    }

    [Theory]
    [InlineData("no newline")]
    [InlineData("a list\nof things\n")]
    [InlineData("{\"format\":\"other\",\"tool\":\"t\",\"model\":\"m\",\"data\":\"d\"}\n")]
    [InlineData("null\n")]
    [InlineData("\n")]
    public void FileThatIsNoJournal_IsRefusedAndLeftAlone(string text)
    {
        File.WriteAllText(_folder["notes.txt"], text);

        SearchJournalException refusal = Assert.Throws<SearchJournalException>(() => SearchJournal.Open(_folder["notes.txt"], Subject));

        Assert.Equal($"{_folder["notes.txt"]}: no journal of a search; name another file", refusal.Message);
        Assert.Equal(text, File.ReadAllText(_folder["notes.txt"]));
    }

    [Theory]
    [InlineData("nonsense")]
    [InlineData("null")]
    [InlineData("{\"bytes\":5}")]
    [InlineData("{\"key\":\"k\",\"bytes\":-5}")]
    public void DamagedLine_IsNamed(string line)
    {
        Write(("a", new BudgetTrial(Plan, 1, null)));
        File.AppendAllText(JournalPath, line + "\n");

        Assert.Contains("line 3 is damaged", Assert.Throws<SearchJournalException>(() => SearchJournal.Open(JournalPath, Subject)).Message, StringComparison.Ordinal);
    }

    private void Write(params (string Key, BudgetTrial Trial)[] trials)
    {
        using SearchJournal journal = SearchJournal.Open(JournalPath, Subject);
        foreach ((string key, BudgetTrial trial) in trials) journal.Add(key, trial);
    }
}
