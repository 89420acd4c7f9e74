using Tersor.Compression.Pruning;
using Tersor.Compression.Recipes;
using Tersor.Compression.Recipes.Steps;
using Tersor.Engine.Training;

namespace Tersor.Compression.Tests.Recipes;

public class RecipeTests
{
    [Fact]
    public void A_recipe_is_read_with_all_its_settings()
    {
        Recipe recipe = Recipe.Parse(
            """
            seed: 7
            data: digits:100,10
            steps:
              - prune:
                  importance: fisher
                  sparsity: 0.9
                  layers: {fc1: 0.95, fc3: 0.5}
                  exclude: conv1
                  schedule: cubic
                  rounds: 4
                  train: {epochs: 3, learning-rate: 0.02, augment: "crop:2,flip"}
              - quantize: {bits: 3, adaptive-rounding: true}
              - train
              - compress: {max-drop: 0.5, topology: none, exclude: [a, b]}
            """,
            "r.yaml");
        PruneStep prune = Assert.IsType<PruneStep>(recipe.Steps[0]);
        Assert.Equal((WeightImportance.Fisher, 0.9, PruningSchedule.Cubic, 4), (prune.Importance, prune.Sparsity, prune.Schedule, prune.Rounds));
        Assert.Equal([KeyValuePair.Create("fc1", 0.95), KeyValuePair.Create("fc3", 0.5)], prune.Layers.Entries);
        Assert.Equal(["conv1"], prune.Selection.Exclude);
        Assert.Equal((3, 0.02, 2, true), (prune.Training!.Epochs, prune.Training.LearningRate, prune.Training.Augmentation.MaxShift, prune.Training.Augmentation.Flip));
        QuantizeStep quantize = Assert.IsType<QuantizeStep>(recipe.Steps[1]);
        Assert.Equal((3, true), (quantize.Bits, quantize.AdaptiveRounding));
        Assert.Equal(TrainingRecipe.FineTuning, Assert.IsType<TrainStep>(recipe.Steps[2]).Training);
        Assert.Equal(["exclude a", "exclude b", "max-drop 0.5", "topology none"], recipe.Compress!.Select(option => $"{option.Key} {option.Value}"));
        Assert.Equal((7, "digits:100,10"), (recipe.Seed!.Value, recipe.Data));
    }

    [Fact]
    public void Everything_wrong_is_named_at_once_with_its_line_and_what_was_meant()
    {
        RecipeException problem = Assert.Throws<RecipeException>(() => Recipe.Parse(
            """
            steps:
              - quantise: {bits: 3}
              - prune:
                  sparsty: 0.9
                  importance: fischer
                  rounds: many
                  pattern: "4:2"
              - compress: {}
              - train: {epochs: 0}
            sed: 3
            """,
            "r.yaml"));
        string[] expected =
        [
            "line 2: 'quantise' is no step. Did you mean 'quantize'?",
            "line 5: 'importance' of prune is one of magnitude, fisher, gradient, taylor, lifelong, lifelong-unlabelled, lifelong-path, random, not 'fischer'. Did you mean 'fisher'?",
            "line 6: 'rounds' of prune is a whole number of 1 to 1000",
            "line 4: prune has the pattern '4:2'; write N:M, such as \"2:4\" in quotes, with N from 1 and below M, M at most 256",
            "line 4: prune has no key 'sparsty'. Did you mean 'sparsity'?",
            "line 9: nothing follows compress, which writes the file",
            "line 9: 'epochs' of train is a whole number of 1 to 100000",
            "line 10: the recipe has no key 'sed'. Did you mean 'seed'?",
        ];
        Assert.Equal(expected.Order(StringComparer.Ordinal), problem.Problems.Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("", "YAML documents")]
    [InlineData("steps: []", "there are no steps")]
    [InlineData("- prune", "a mapping of settings")]
    [InlineData("steps: {prune: {}}", "'steps' of the recipe is a list")]
    [InlineData("steps:\n  - {prune: {}, train: {}}", "a step is one word")]
    [InlineData("steps: [prune: [", "line ")]
    [InlineData("seed: 1\nseed: 2\nsteps: [train]", "line 2")]
    [InlineData("steps:\n  - prune: 0.9", "prune is a mapping of settings")]
    public void What_is_no_recipe_is_refused_in_a_line(string yaml, string problem)
    {
        RecipeException refusal = Assert.Throws<RecipeException>(() => Recipe.Parse(yaml, "r.yaml"));
        Assert.StartsWith("r.yaml: ", refusal.Message, StringComparison.Ordinal);
        Assert.Contains(problem, refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Prune_takes_thresholds_in_place_of_shares_with_those_of_single_layers()
    {
        PruneStep prune = Assert.IsType<PruneStep>(Assert.Single(Recipe.Parse("steps: [prune: {threshold: 1.2, layers: {fc3: 0.5, fc1: 1.5}}]", "r.yaml").Steps));
        Assert.Equal((1.2, 0.5, 1.5, 1.2), (prune.Threshold, prune.Layers.Of("fc3.weight", prune.Threshold), prune.Layers.Of("fc1.weight", prune.Threshold), prune.Layers.Of("fc2.weight", prune.Threshold)));
        RecipeException refusal = Assert.Throws<RecipeException>(() => Recipe.Parse("steps: [prune: {threshold: 1, sparsity: 0.9}]", "r.yaml"));
        Assert.Contains("has threshold and sparsity", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Channel_patterns_that_are_no_expressions_are_named() =>
        Assert.Contains(
            "prune-channels has '(' to include, which is not a usable regular expression",
            Assert.Throws<RecipeException>(() => Recipe.Parse("steps: [prune-channels: {include: '('}]", "r.yaml")).Message,
            StringComparison.Ordinal);

    [Fact]
    public void Channels_go_by_deviations_in_place_of_shares()
    {
        PruneChannelsStep prune = Assert.IsType<PruneChannelsStep>(Assert.Single(Recipe.Parse("steps: [prune-channels: {importance: activity, deviations: 1}]", "r.yaml").Steps));
        Assert.Contains("channels below their layer's mean by 1 deviations, by Activity", prune.Describe(), StringComparison.Ordinal);
        RecipeException refusal = Assert.Throws<RecipeException>(() => Recipe.Parse("steps: [prune-channels: {share: 0.5, deviations: 1}]", "r.yaml"));
        Assert.Contains("drop share, multiply-adds and scope", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Every_listed_step_can_be_written_with_no_settings() =>
        Assert.All(RecipeSteps.All, kind => Assert.Equal(kind.Name, Assert.Single(Recipe.Parse($"steps: [{kind.Name}]", "r.yaml").Steps).Name));
}
