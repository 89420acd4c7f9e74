using System.Globalization;
using Tersor.Experiments.Representations;

// Representations tables [FILE...]      the comparison as Markdown: AlexNet's shapes, then the matrices of model files
// Representations choices               how far the chooser's fastest form is from the fastest, and the rates that times come to
// Representations plane SVG [FILE...]   where each format wins, with the matrices of the files as dots
CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
switch (args)
{
    case ["tables", .. string[] files]:
        ComparisonTable.Print("AlexNet's layers, synthetic: the densities of Deep Compression, 31 values beside zero, all independent", SyntheticMatrices.AlexNet());
        foreach (string file in files) ComparisonTable.Print(Path.GetFileNameWithoutExtension(file), ModelMatrices.Read(file));
        return 0;
    case ["choices"]:
        ChoiceTable.Print();
        return 0;
    case ["plane", string picture, .. string[] files]:
        PlanePicture.Write(picture, [.. files.SelectMany(ModelMatrices.Read).Concat(SyntheticMatrices.AlexNet()).Select(matrix => matrix.Weights.Measure())]);
        return 0;
    default:
        Console.Error.WriteLine("Say 'tables [FILE...]', 'choices' or 'plane SVG [FILE...]'.");
        return 2;
}
