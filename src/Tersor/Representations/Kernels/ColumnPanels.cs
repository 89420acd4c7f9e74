using System.Buffers;
using System.Numerics.Tensors;
using System.Runtime.InteropServices;

namespace Tersor.Representations.Kernels;

/// <summary>
/// The columns of a batch in panels of 64, 32 or 16, each contiguous and filled up with zeros: a panel stays in the second cache while all rows of a matrix
/// pass, and its rows are whole cache lines.
/// </summary>
internal sealed unsafe class ColumnPanels : IDisposable
{
    /// <summary>The most columns of a panel.</summary>
    public const int MostWidth = 64;

    // Beyond it, a panel of 64 columns would leave no room for the matrix in second caches of 2 MB.
    private const int MostPanelBytes = 3 << 19;
    private const int CacheLineBytes = 64;

    private readonly int _rows;
    private readonly int _batch;
    private readonly float[] _memory;
    private readonly GCHandle _pin;
    private readonly float* _panels;
    private readonly float[] _sums;

    /// <summary>Copies a batch.</summary>
    /// <param name="columns">Row-major, <paramref name="rows"/> by <paramref name="batch"/>.</param>
    /// <param name="rows">Inputs of a product.</param>
    /// <param name="batch">Columns, at least 1.</param>
    /// <param name="isGathered">Whether rows of a panel are read in no order, so that all of it should stay in the second cache.</param>
    /// <param name="sums">Whether <see cref="Sums"/> will be asked for.</param>
    /// <param name="threads">Threads that copy.</param>
    public ColumnPanels(float* columns, int rows, int batch, bool isGathered, bool sums, int threads)
    {
        _rows = rows;
        _batch = batch;
        FullWidth = isGathered && (long)rows * MostWidth * sizeof(float) > MostPanelBytes ? MostWidth / 2 : MostWidth;
        Count = (batch + FullWidth - 1) / FullWidth;
        long length = ((long)(Count - 1) * FullWidth * rows) + ((long)WidthOf(Count - 1) * rows) + (CacheLineBytes / sizeof(float));
        _memory = ArrayPool<float>.Shared.Rent(checked((int)length));
        _pin = GCHandle.Alloc(_memory, GCHandleType.Pinned);
        _panels = (float*)((_pin.AddrOfPinnedObject() + CacheLineBytes - 1) & -(nint)CacheLineBytes);
        _sums = sums ? new float[Count * FullWidth] : [];
        RowBlocks.Run(Count, threads, panel => Copy(columns, panel));
    }

    /// <summary>Columns of all panels but the last.</summary>
    public int FullWidth { get; }

    /// <summary>Number of panels.</summary>
    public int Count { get; }

    /// <summary>Columns of a panel, those that were filled up included: 16, 32 or 64.</summary>
    public int WidthOf(int panel)
    {
        int rest = ColumnsOf(panel);
        return rest <= 16 ? 16 : rest <= 32 ? 32 : FullWidth;
    }

    /// <summary>Columns of the batch that a panel has.</summary>
    public int ColumnsOf(int panel) => Math.Min(FullWidth, _batch - (panel * FullWidth));

    /// <summary>The values of a panel, a row after the other.</summary>
    public float* Panel(int panel) => _panels + ((nint)panel * FullWidth * _rows);

    /// <summary>The sum over the rows for each column of a panel.</summary>
    public ReadOnlySpan<float> Sums(int panel) => _sums.AsSpan(panel * FullWidth, WidthOf(panel));

    /// <summary>Gives the memory back.</summary>
    public void Dispose()
    {
        _pin.Free();
        ArrayPool<float>.Shared.Return(_memory);
    }

    private void Copy(float* columns, int panel)
    {
        int width = WidthOf(panel);
        int used = ColumnsOf(panel);
        float* target = Panel(panel);
        for (int row = 0; row < _rows; row++)
        {
            Span<float> line = new(target + ((nint)row * width), width);
            new ReadOnlySpan<float>(columns + ((long)row * _batch) + (panel * FullWidth), used).CopyTo(line);
            line[used..].Clear();
        }

        if (_sums.Length == 0) return;
        Span<float> sums = _sums.AsSpan(panel * FullWidth, width);
        for (int row = 0; row < _rows; row++) TensorPrimitives.Add(sums, new ReadOnlySpan<float>(target + ((nint)row * width), width), sums);
    }
}
