using Tersor.Compression.Calibration;
using Tersor.Engine.Data;
using Tersor.Engine.Networks;
using Tersor.Models;
using Tersor.Models.Onnx;

namespace Tersor.Compression.Tests.Calibration;

public class CalibrationSamplesTests
{
    private static readonly SampleSet Digits = GeneratedDigits.Generate(40, seed: 3, isTest: false);

    [Fact]
    public void A_digest_is_that_of_what_the_network_is_given()
    {
        string digest = CalibrationSamples.Digest(Digits, Preprocessing.Default);

        Assert.Matches("^[0-9a-f]{64}$", digest);
        Assert.Equal(digest, CalibrationSamples.Digest(GeneratedDigits.Generate(40, seed: 3, isTest: false), Preprocessing.Default));
        Assert.NotEqual(digest, CalibrationSamples.Digest(GeneratedDigits.Generate(40, seed: 4, isTest: false), Preprocessing.Default));
        Assert.NotEqual(digest, CalibrationSamples.Digest(Digits.Take(39), Preprocessing.Default));
        Assert.NotEqual(digest, CalibrationSamples.Digest(Digits.Select("back to front", [.. Enumerable.Range(0, 40).Reverse()]), Preprocessing.Default));
        Assert.NotEqual(digest, CalibrationSamples.Digest(Digits, Preprocessing.Default with { Mean = [0.1f] }));
    }

    [Fact]
    public void The_inputs_alone_are_digested()
    {
        SampleSet one = new("one", new TensorShape(2), [1f, 2, 3, 4], new[] { 0, 1 });
        SampleSet other = new("other", new TensorShape(2), [1f, 2, 3, 4], new TensorShape(1), [5f, 6]);
        Assert.Equal(CalibrationSamples.Digest(one, Preprocessing.Default), CalibrationSamples.Digest(other, Preprocessing.Default));
    }

    [Theory]
    [InlineData("lenet-300-100", 4096, 40_000)]
    [InlineData("lenet5", 4096, 40_000)]
    [InlineData("resnet20", 1024, 12_295)]
    public void Large_networks_take_fewer_samples(string network, int statistics, int judging)
    {
        OnnxGraph graph = NetworkArchitectures.Create(network, seed: 1);
        Assert.Equal(statistics, CalibrationSamples.ForStatistics(graph));
        Assert.InRange(CalibrationSamples.ForJudging(graph), judging - 500, judging + 500);
    }
}
