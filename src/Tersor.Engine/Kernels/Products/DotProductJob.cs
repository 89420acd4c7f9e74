namespace Tersor.Engine.Kernels;

/// <summary>A few rows times a transposed matrix: inner products of rows, cut over the columns of the result.</summary>
internal struct DotProductJob : IKernelJob
{
    // The depth that is summed in one go: rows of both operands stay in the first-level cache.
    private const int DepthAtOnce = 1024;

    private readonly ProductOperands _operands;
    private readonly int _columnsPerTask;

    public DotProductJob(in ProductOperands operands, int threads)
    {
        _operands = operands;
        int wanted = threads == 1 ? 1 : threads * 4;
        int groups = (operands.N + 5) / 6;
        _columnsPerTask = (groups + wanted - 1) / wanted * 6;
        Tasks = (operands.N + _columnsPerTask - 1) / _columnsPerTask;
    }

    public int Tasks { get; }

    public readonly unsafe void Execute(int task, KernelScratch scratch)
    {
        int column = task * _columnsPerTask;
        int columns = Math.Min(_columnsPerTask, _operands.N - column);

        // The only row of a transposed A stands with a stride: it is gathered once per task.
        float* a = _operands.A;
        if (_operands.TransposeA && _operands.StrideA > 1)
        {
            a = scratch.Reserve(ScratchUse.Partial, _operands.K);
            for (int k = 0; k < _operands.K; k++)
            {
                a[k] = _operands.A[k * _operands.StrideA];
            }
        }

        for (int start = 0; start < _operands.K; start += DepthAtOnce)
        {
            DotTile.Products(
                _operands.Width,
                _operands.M,
                columns,
                Math.Min(DepthAtOnce, _operands.K - start),
                a + start,
                _operands.StrideA,
                _operands.B + column * _operands.StrideB + start,
                _operands.StrideB,
                _operands.C + column,
                _operands.StrideC,
                _operands.Alpha,
                start == 0 ? _operands.Beta : 1f);
        }

        _operands.Finish(0, _operands.M, column, columns);
    }
}
