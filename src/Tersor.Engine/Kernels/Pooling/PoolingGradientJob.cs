namespace Tersor.Engine.Kernels;

/// <summary>The gradient of a pooling, some planes per task: added at recorded places, or spread over the windows of an average.</summary>
internal unsafe struct PoolingGradientJob : IKernelJob
{
    public PoolingShape Shape;

    /// <summary>Where largest values stood, or null for an average.</summary>
    public int* Places;

    public float* OutputGradient;
    public float* InputGradient;
    public bool Accumulate;

    public readonly void Execute(int task, KernelScratch scratch)
    {
        int first = task * Shape.PlanesPerTask;
        int end = Math.Min(first + Shape.PlanesPerTask, Shape.Planes);
        for (int plane = first; plane < end; plane++)
        {
            float* input = InputGradient + (nint)plane * Shape.InputArea;
            nint start = (nint)plane * Shape.OutputArea;
            if (!Accumulate)
            {
                new Span<float>(input, Shape.InputArea).Clear();
            }

            if (Places is not null)
            {
                AddAtPlaces(input, start);
            }
            else
            {
                Spread(input, OutputGradient + start);
            }
        }
    }

    private readonly void AddAtPlaces(float* input, nint start)
    {
        for (nint index = start; index < start + Shape.OutputArea; index++)
        {
            int place = Places[index];
            if ((uint)place < (uint)Shape.InputArea)
            {
                input[place] += OutputGradient[index];
            }
        }
    }

    private readonly void Spread(float* input, float* gradient)
    {
        WindowAxis rows = Shape.Rows;
        WindowAxis columns = Shape.Columns;
        for (int row = 0; row < rows.OutputSize; row++)
        {
            int rowCount = Shape.Counted(rows, row);
            for (int column = 0; column < columns.OutputSize; column++)
            {
                float share = *gradient++ / (rowCount * Shape.Counted(columns, column));
                for (int kernelRow = 0, y = row * rows.Stride - rows.PadBefore; kernelRow < rows.KernelSize; kernelRow++, y += rows.Dilation)
                {
                    if ((uint)y >= (uint)rows.InputSize)
                    {
                        continue;
                    }

                    for (int kernelColumn = 0, x = column * columns.Stride - columns.PadBefore; kernelColumn < columns.KernelSize; kernelColumn++, x += columns.Dilation)
                    {
                        if ((uint)x < (uint)columns.InputSize)
                        {
                            input[y * columns.InputSize + x] += share;
                        }
                    }
                }
            }
        }
    }
}
