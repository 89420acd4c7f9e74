using Tersor.Fuzz;

namespace Tersor.Tests;

/// <summary>Every file of the fuzz corpus, valid or once a finding, through its target. A file dropped into its folder is a test.</summary>
public class FuzzCorpusTests
{
    public static TheoryData<string> Targets => [.. FuzzTargets.All.Select(target => target.Name)];

    [Theory]
    [MemberData(nameof(Targets))]
    public void EveryFile_IsReadOrRefusedAsTheTargetStates(string name)
    {
        FuzzTarget target = FuzzTargets.All.Single(target => target.Name == name);
        IReadOnlyList<string> files = Corpus.Files(target);
        Assert.NotEmpty(files);
        Assert.All(files, file => target.Run(File.ReadAllBytes(file)));
    }

    [Theory]
    [MemberData(nameof(Targets))]
    public void MutationsOfEveryFile_AreReadOrRefusedAsTheTargetStates(string name)
    {
        FuzzTarget target = FuzzTargets.All.Single(target => target.Name == name);
        foreach (string file in Corpus.Files(target))
        {
            byte[] valid = File.ReadAllBytes(file);
            foreach (byte[] mutation in Mutations.Random(valid, (ulong)valid.Length, 50)) target.Run(mutation);
        }
    }

    [Fact]
    public void EveryFolder_HasATarget()
    {
        string corpus = Path.Combine(SharedAssets.RepositoryRoot, "fuzz", "corpus");
        Assert.Empty(Directory.GetDirectories(corpus).Select(folder => Path.GetFileName(folder)).Except(FuzzTargets.All.Select(target => target.Name)));
    }

    [Fact]
    public void ExceptionThatATargetDoesNotState_IsAFinding()
    {
        FuzzTarget target = new("broken", [typeof(FormatException)], _ => throw new InvalidDataException("broken"));

        Assert.Throws<InvalidDataException>(() => target.Run([1]));
    }

    [Fact]
    public void MemoryBeyondTheBound_IsAFinding()
    {
        FuzzTarget target = new("greedy", [typeof(FormatException)], _ => throw new FormatException($"{new byte[32 << 20].Length}"));

        Assert.Throws<FuzzFindingException>(() => target.Run([1]));
    }
}
