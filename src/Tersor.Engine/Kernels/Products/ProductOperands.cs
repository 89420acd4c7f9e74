namespace Tersor.Engine.Kernels;

/// <summary>The operands of a matrix product, as pointers and strides, with sizes that have been checked.</summary>
internal unsafe struct ProductOperands
{
    public VectorWidth Width;
    public int M;
    public int N;
    public int K;
    public float* A;
    public nint StrideA;
    public bool TransposeA;
    public float* B;
    public nint StrideB;
    public bool TransposeB;
    public float* C;
    public nint StrideC;
    public float Alpha;
    public float Beta;
    public ProductEpilogue Epilogue;

    /// <summary>The same product read as <c>C^T = op(B)^T op(A)^T</c>; for a result of one column, whose transpose stands as it does.</summary>
    public readonly ProductOperands Transposed() => this with
    {
        M = N,
        N = M,
        A = B,
        StrideA = StrideB,
        TransposeA = !TransposeB,
        B = A,
        StrideB = StrideA,
        TransposeB = !TransposeA,
        StrideC = M,
    };

    /// <summary><c>C = beta C</c>, without reading C when beta is zero.</summary>
    public readonly void ScaleResult()
    {
        for (int i = 0; i < M; i++)
        {
            var row = new Span<float>(C + i * StrideC, N);
            if (Beta == 0f)
            {
                row.Clear();
            }
            else
            {
                System.Numerics.Tensors.TensorPrimitives.Multiply(row, Beta, row);
            }
        }
    }

    /// <summary>Applies bias and activation to finished results.</summary>
    public readonly void Finish(int firstRow, int rows, int firstColumn, int columns)
    {
        if (!Epilogue.IsEmpty)
        {
            Epilogue.Apply(Width, C, StrideC, firstRow, firstColumn, rows, columns);
        }
    }
}
