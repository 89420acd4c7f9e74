using Tersor.Engine.Training;

namespace Tersor.Engine.Networks;

/// <summary>How each network of <see cref="NetworkArchitectures"/> is trained from scratch unless told otherwise; chosen by validation accuracy, see <c>experiments/training</c>.</summary>
public static class NetworkRecipes
{
    private static readonly TrainingRecipe Digits = new()
    {
        Batch = 64,
        LearningRate = 0.05,
        Nesterov = true,
        WeightDecay = 5e-4,
        Schedule = ScheduleKind.OneCycle,
        Augmentation = new Augmentation { MaxShift = 1 },
    };

    private static readonly TrainingRecipe Photographs = new()
    {
        Epochs = 30,
        Batch = 128,
        LearningRate = 0.2,
        Nesterov = true,
        WeightDecay = 5e-4,
        Schedule = ScheduleKind.OneCycle,
        Augmentation = new Augmentation { MaxShift = 4, Flip = true },
    };

    /// <summary>The recipe of a network.</summary>
    /// <param name="name">One of <see cref="NetworkArchitectures.Names"/>.</param>
    public static TrainingRecipe For(string name) => name switch
    {
        "lenet-300-100" => Digits with { Epochs = 20, LearningRate = 0.1 },
        "lenet5" => Digits with { Epochs = 8, Augmentation = new Augmentation { MaxShift = 2 } },
        "vgg-cifar" => Photographs with { LearningRate = 0.05 },
        _ => Photographs,
    };
}
