using Tersor.EntropyCoding;
using Tersor.Models;
using Tersor.Nnc;
using Tersor.Tests.EntropyCoding;

namespace Tersor.Tests.Nnc;

/// <summary>Random tensors in coded form, as any quantizer could make them.</summary>
internal sealed class TensorMaker(ulong seed)
{
    private readonly Seeded _random = new(seed);

    public int Next(int max) => _random.NextInt(max);

    public TensorShape Shape(int maxRank = 4)
    {
        long[] dimensions = new long[1 + Next(maxRank)];
        for (int i = 0; i < dimensions.Length; i++) dimensions[i] = Next(20) == 0 ? 0 : 1 + Next(dimensions.Length == 1 ? 60 : 13);
        return new TensorShape(dimensions);
    }

    public LevelTensor Tensor(string name, TensorShape shape, LevelRule rule, NncTensorRole role = NncTensorRole.Weight) => new(name, shape, Levels(shape, rule), rule, role);

    public LevelRule Rule(bool allowInteger = true) => Next(allowInteger ? 4 : 3) switch
    {
        0 => LevelRule.Uniform(Next(256) - 128, dependent: false),
        1 => LevelRule.Uniform(Next(256) - 128, dependent: true),
        2 => LevelRule.FromCodebook(Codebook(), Next(256) - 128),
        _ => LevelRule.Integer,
    };

    public NncCodebook Codebook()
    {
        int[] entries = new int[1 + Next(30)];
        entries[0] = Next(100) - 70;
        for (int i = 1; i < entries.Length; i++) entries[i] = entries[i - 1] + 1 + Next(9);
        return new NncCodebook(entries, Next(entries.Length));
    }

    public LevelTensor Raw(string name, TensorShape shape)
    {
        byte[] bytes = new byte[shape.ElementCount * 4];
        _random.Fill(bytes);
        return new LevelTensor(name, shape, bytes);
    }

    /// <summary>A tensor whose dependent quantizer ran over it in the order of a block scan.</summary>
    public LevelTensor Scanned(string name, TensorShape shape, LevelRule rule, int scanOrder)
    {
        (int rows, int columns) = MatrixView.Of(shape);
        int[] inOrder = Levels(new TensorShape(shape.ElementCount), rule);
        int[] levels = new int[inOrder.Length];
        int next = 0;
        foreach ((int row, int column, _, _) in TextDecoder.Order(rows, columns, rows == 1 || columns == 1 ? 0 : scanOrder, 4 << scanOrder)) levels[(row * columns) + column] = inOrder[next++];
        return new LevelTensor(name, shape, levels, rule);
    }

    public int[] Levels(TensorShape shape, LevelRule rule)
    {
        int[] levels = new int[shape.ElementCount];
        int rowLength = shape.ElementCount == 0 ? 1 : (int)(shape.ElementCount / shape[0]);
        int magnitude = 1 + Next(rule.Kind == LevelKind.Integer && Next(4) == 0 ? int.MaxValue - 2 : 40);
        bool zeroRow = false;
        int state = 0;
        for (int i = 0; i < levels.Length; i++)
        {
            if (i % rowLength == 0) zeroRow = Next(3) == 0;
            int level = zeroRow || Next(2) == 0 ? 0 : Next((2 * Math.Min(magnitude, 1 << 29)) + 1) - Math.Min(magnitude, 1 << 29);
            if (rule.Codebook is { } codebook) level = zeroRow ? 0 : Next(codebook.Size) - codebook.ZeroIndex;
            if (rule.DependentQuantization)
            {
                level = (int)DependentQuantizer.ToLevel(state, level);
                state = DependentQuantizer.NextState(state, DependentQuantizer.ToSymbol(state, level));
            }

            levels[i] = level;
        }

        return levels;
    }
}
