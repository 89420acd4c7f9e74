namespace Tersor.Engine.Data;

/// <summary>A data set as its makers, or those who keep it for them, publish it: the places, and every file with its SHA-256.</summary>
public sealed record PublishedDataSet
{
    private const long CifarBatchBytes = 10_000 * 3073;

    /// <summary>What a <see cref="DataSource"/> calls the kind, such as <c>mnist</c>.</summary>
    public required string Name { get; init; }

    /// <summary>Folders on the net that hold the files, the first to be asked first; each ends with a slash.</summary>
    public required IReadOnlyList<Uri> Places { get; init; }

    /// <summary>What lies in the data set's folder afterwards.</summary>
    public required IReadOnlyList<PublishedFile> Files { get; init; }

    /// <summary>The tar archive, compressed by gzip, in which the files are published; null where they are published one by one.</summary>
    public PublishedFile? Archive { get; init; }

    /// <summary>Bytes that are fetched when nothing is there.</summary>
    public long DownloadBytes => Archive?.Bytes ?? Files.Sum(file => file.Bytes);

    /// <summary>The data sets that can be fetched: a new one is an entry here.</summary>
    public static IReadOnlyList<PublishedDataSet> All { get; } =
    [
        // The authors' page no longer serves the files; these two keep them, byte for byte.
        new PublishedDataSet
        {
            Name = "mnist",
            Places = [new Uri("https://storage.googleapis.com/cvdf-datasets/mnist/"), new Uri("https://ossci-datasets.s3.amazonaws.com/mnist/")],
            Files =
            [
                new PublishedFile("train-images-idx3-ubyte.gz", 9_912_422, "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609"),
                new PublishedFile("train-labels-idx1-ubyte.gz", 28_881, "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c"),
                new PublishedFile("t10k-images-idx3-ubyte.gz", 1_648_877, "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6"),
                new PublishedFile("t10k-labels-idx1-ubyte.gz", 4_542, "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6"),
            ],
        },
        new PublishedDataSet
        {
            Name = "cifar10",
            Places = [new Uri("https://www.cs.toronto.edu/~kriz/")],
            Archive = new PublishedFile("cifar-10-binary.tar.gz", 170_052_171, "c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd"),
            Files =
            [
                new PublishedFile("data_batch_1.bin", CifarBatchBytes, "cee916563c9f80d84e3cc88e17fdc0941787f1244f00a67874d45b261883ada5"),
                new PublishedFile("data_batch_2.bin", CifarBatchBytes, "a591ca11fa1708a91ee40f54b3da4784ccd871ecf2137de63f51ada8b3fa57ed"),
                new PublishedFile("data_batch_3.bin", CifarBatchBytes, "bbe8596564c0f86427f876058170b84dac6670ddf06d79402899d93ceea26f67"),
                new PublishedFile("data_batch_4.bin", CifarBatchBytes, "014e562d6e23c72197cc727519169a60359f5eccd8945ad5a09d710285ff4e48"),
                new PublishedFile("data_batch_5.bin", CifarBatchBytes, "755304fc0b379caeae8c14f0dac912fbc7d6cd469eb67a1029a08a39453a9add"),
                new PublishedFile("test_batch.bin", CifarBatchBytes, "8e2eb146ae340b09e24670f29cabc6326dba54da8789dab6768acf480273f65b"),
            ],
        },
    ];
}
