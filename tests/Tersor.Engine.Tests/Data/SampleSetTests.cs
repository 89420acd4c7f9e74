using Tersor.Engine.Data;
using Tersor.Models;

namespace Tersor.Engine.Tests.Data;

public class SampleSetTests
{
    private static readonly TensorShape Pair = new(2);

    [Fact]
    public void Samples_of_one_set_are_found_in_another_by_their_values()
    {
        SampleSet train = new("train", Pair, new byte[] { 1, 2, 3, 4, 5, 6, 1, 2 }, [0, 1, 2, 0]);
        SampleSet test = new("test", Pair, new byte[] { 5, 6, 2, 1, 1, 2, 1, 2, 6, 5 }, [1, 1, 1, 1, 1]);

        Assert.Equal(3, test.CountIn(train));
        Assert.Equal(3, train.CountIn(test));
        Assert.Equal(2, test.CountIn(train.Select("few", [0, 1])));
        Assert.Equal(1, test.Select("first", [0, 1]).CountIn(train));
        Assert.Equal(4, train.CountIn(train));
        Assert.Equal(0, test.CountIn(train.Select("none", [])));
    }

    [Fact]
    public void Pixels_are_not_found_among_numbers_nor_in_another_shape()
    {
        SampleSet pixels = new("pixels", Pair, new byte[] { 1, 2, 3, 4 }, [0, 1]);
        Assert.Equal(0, pixels.CountIn(new SampleSet("numbers", Pair, [1f, 2f, 3f, 4f], new int[2])));
        Assert.Equal(0, pixels.CountIn(new SampleSet("long", new TensorShape(4), new byte[] { 1, 2, 3, 4 }, [0])));
    }
}
