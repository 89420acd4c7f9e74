using System.Globalization;

namespace Tersor.Engine.Data;

/// <summary>Which part of a data set.</summary>
public enum DataSplit
{
    /// <summary>What is trained on; without the validation part where one is held out.</summary>
    Train,

    /// <summary>Held out of the train set by a seed.</summary>
    Validation,

    /// <summary>The test set.</summary>
    Test,
}

/// <summary>
/// A data set as the command line names it: <c>mnist:DIR</c>, <c>cifar10:DIR</c>, <c>cifar100:DIR</c>, <c>npz:FILE</c> or <c>digits</c> (also
/// <c>digits:TRAIN,TEST</c> with the numbers of images).
/// </summary>
public sealed class DataSource
{
    private const int DefaultTrainDigits = 20_000;
    private const int DefaultTestDigits = 5_000;

    private readonly Func<bool, SampleSet> _load;

    private DataSource(string specification, Func<bool, SampleSet> load)
    {
        Specification = specification;
        _load = load;
    }

    /// <summary>The text that named the source.</summary>
    public string Specification { get; }

    /// <summary>Whether there is a test set apart from what is trained on; an npz file is its own.</summary>
    public bool HasTestSet { get; private init; } = true;

    /// <summary>Seed of the held-out part and of generated data.</summary>
    public ulong Seed { get; init; }

    /// <summary>The part of the train set that is held out for validation: 0 up to, not including, 1.</summary>
    public double ValidationFraction { get; init; } = 0.1;

    /// <summary>Reads the text; files are looked at only when a split is loaded.</summary>
    /// <param name="specification">Such as <c>mnist:data/mnist</c>.</param>
    /// <param name="seed">Decides the held-out part and generated data.</param>
    /// <param name="validationFraction">The part of the train set that is held out.</param>
    /// <exception cref="FormatException">The text names no known kind of data.</exception>
    public static DataSource Parse(string specification, ulong seed = 0, double validationFraction = 0.1)
    {
        ArgumentNullException.ThrowIfNull(specification);
        if (validationFraction is not (>= 0 and < 1)) throw new ArgumentOutOfRangeException(nameof(validationFraction), validationFraction, "0 up to 1 is possible.");
        int colon = specification.IndexOf(':', StringComparison.Ordinal);
        string kind = colon < 0 ? specification : specification[..colon];
        string place = colon < 0 ? "" : specification[(colon + 1)..];
        Func<bool, SampleSet> load = kind switch
        {
            "mnist" when place.Length > 0 => isTest => MnistFiles.Read(place, isTest),
            "cifar10" when place.Length > 0 => isTest => CifarFiles.Read10(place, isTest),
            "cifar100" when place.Length > 0 => isTest => CifarFiles.Read100(place, isTest),
            "npz" when place.Length > 0 => _ => NpzSamples.Read(place),
            "digits" => Digits(place, seed),
            _ => throw new FormatException($"'{specification}' is none of mnist:DIR, cifar10:DIR, cifar100:DIR, npz:FILE, digits, digits:TRAIN,TEST."),
        };
        return new DataSource(specification, load) { Seed = seed, ValidationFraction = validationFraction, HasTestSet = kind != "npz" };
    }

    /// <summary>Loads a split. An npz file is its own test set.</summary>
    /// <exception cref="FileNotFoundException">Files are not there.</exception>
    /// <exception cref="Tersor.Models.ModelFormatException">A file is truncated or damaged.</exception>
    public SampleSet Load(DataSplit split)
    {
        if (split == DataSplit.Test) return _load(true);
        (SampleSet train, SampleSet validation) = LoadTraining();
        return split == DataSplit.Train ? train : validation;
    }

    /// <summary>Loads what is trained on and what is held out of it, which share memory.</summary>
    /// <exception cref="FileNotFoundException">Files are not there.</exception>
    /// <exception cref="Tersor.Models.ModelFormatException">A file is truncated or damaged.</exception>
    public (SampleSet Train, SampleSet Validation) LoadTraining()
    {
        SampleSet whole = _load(false);
        return whole.HoldOut((int)(whole.Count * ValidationFraction), Seed);
    }

    private static Func<bool, SampleSet> Digits(string counts, ulong seed)
    {
        (int train, int test) = (DefaultTrainDigits, DefaultTestDigits);
        string[] parts = counts.Split(',');
        bool isRead = counts.Length == 0
            || (parts.Length == 2
                && int.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out train)
                && int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out test));
        if (!isRead) throw new FormatException($"'digits:{counts}' should be digits:TRAIN,TEST with two numbers of images.");
        return isTest => GeneratedDigits.Generate(isTest ? test : train, seed, isTest);
    }
}
