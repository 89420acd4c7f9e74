using System.Runtime.CompilerServices;

namespace Tersor.Engine.Kernels;

/// <summary>The largest value of each window and where it stands, some planes per task.</summary>
internal unsafe struct MaximumPlacesJob : IKernelJob
{
    public PoolingShape Shape;
    public float* Input;
    public float* Output;
    public int* Places;

    public readonly void Execute(int task, KernelScratch scratch)
    {
        int first = task * Shape.PlanesPerTask;
        int end = Math.Min(first + Shape.PlanesPerTask, Shape.Planes);
        for (int plane = first; plane < end; plane++)
        {
            float* input = Input + (nint)plane * Shape.InputArea;
            nint index = (nint)plane * Shape.OutputArea;
            for (int row = 0; row < Shape.Rows.OutputSize; row++)
            {
                for (int column = 0; column < Shape.Columns.OutputSize; column++, index++)
                {
                    (Output[index], Places[index]) = Window(input, row, column);
                }
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private readonly (float Largest, int Place) Window(float* input, int row, int column)
    {
        WindowAxis rows = Shape.Rows;
        WindowAxis columns = Shape.Columns;
        int top = row * rows.Stride - rows.PadBefore;
        int left = column * columns.Stride - columns.PadBefore;
        float largest = float.NegativeInfinity;
        int place = -1;
        for (int kernelRow = 0, y = top; kernelRow < rows.KernelSize; kernelRow++, y += rows.Dilation)
        {
            if ((uint)y >= (uint)rows.InputSize)
            {
                continue;
            }

            for (int kernelColumn = 0, x = left; kernelColumn < columns.KernelSize; kernelColumn++, x += columns.Dilation)
            {
                if ((uint)x < (uint)columns.InputSize)
                {
                    float value = input[y * columns.InputSize + x];
                    if (value > largest || place < 0 || float.IsNaN(value))
                    {
                        largest = value;
                        place = y * columns.InputSize + x;
                    }
                }
            }
        }

        return (largest, place);
    }
}
