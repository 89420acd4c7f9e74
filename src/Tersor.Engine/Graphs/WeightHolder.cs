using System.Runtime.InteropServices;
using Tersor.Engine.Operators;
using Tersor.Models;
using Tersor.Models.Onnx;
using Tersor.Representations;

namespace Tersor.Engine.Graphs;

/// <summary>Reads weights into the form that they are run from, row by row as they are decoded.</summary>
internal sealed class WeightHolder
{
    private readonly Dictionary<string, WeightLayout?> _layouts = new(StringComparer.Ordinal);
    private readonly Func<QuantizedMatrix, Representation?> _choose;

    /// <summary>Looks up what each weight is used for.</summary>
    /// <param name="graph">Whose weights they are.</param>
    /// <param name="nodes">Every use.</param>
    /// <param name="choose">Puts a matrix into a form; null leaves the weight dense.</param>
    public WeightHolder(OnnxGraph graph, IReadOnlyList<OnnxNode> nodes, Func<QuantizedMatrix, Representation?> choose)
    {
        _choose = choose;
        Dictionary<string, TensorShape> shapes = graph.Initializers.ToDictionary(tensor => tensor.Name, tensor => tensor.Shape, StringComparer.Ordinal);
        foreach (OnnxNode node in nodes)
        {
            Operator made = OperatorTable.Create(node, graph.OperatorSetVersion());
            for (int i = 0; i < node.Inputs.Count; i++)
            {
                if (!shapes.TryGetValue(node.Inputs[i], out TensorShape shape)) continue;
                WeightLayout? layout = i == 1 && made is IHoldingOperator holding ? holding.LayoutOf(shape) : null;

                // Who reads it otherwise needs the values.
                bool isNew = _layouts.TryAdd(node.Inputs[i], layout);
                if (!isNew && _layouts[node.Inputs[i]] != layout) _layouts[node.Inputs[i]] = null;
            }
        }

        foreach (OnnxGraphValue output in graph.Outputs) _layouts[output.Name] = null;
    }

    /// <summary>Reads a weight.</summary>
    /// <returns>Null where it stays dense.</returns>
    public HeldWeight? TryHold(Tensor tensor, CancellationToken cancellationToken)
    {
        if (tensor.ElementType != ElementType.Float32 || tensor.ElementCount is 0 or > int.MaxValue || _layouts.GetValueOrDefault(tensor.Name) is not { } layout) return null;
        using RowStream rows = new(layout);
        try
        {
            tensor.Data.CopyTo(rows, cancellationToken);
        }
        catch (TooManyValuesException)
        {
            return null;
        }

        List<Representation> groups = [];
        foreach (QuantizedMatrix matrix in rows.Build())
        {
            if (_choose(layout.IsTransposed ? matrix.Transpose() : matrix) is not { } held) return null;
            groups.Add(held);
        }

        return new HeldWeight(tensor.Name, tensor.Shape, groups);
    }

    // A weight without few values is of no use in codes: reading it ends.
    private sealed class TooManyValuesException : Exception;

    private sealed class RowStream(WeightLayout layout) : Stream
    {
        private readonly List<QuantizedMatrix> _matrices = [];
        private readonly float[] _row = new float[layout.Columns];
        private QuantizedMatrixBuilder _builder = new(layout.Rows, layout.Columns);
        private int _filled;
        private int _rows;

        public override bool CanRead => false;

        public override bool CanSeek => false;

        public override bool CanWrite => true;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public IReadOnlyList<QuantizedMatrix> Build() => _matrices;

        public override void Write(ReadOnlySpan<byte> buffer)
        {
            Span<byte> row = MemoryMarshal.AsBytes(_row.AsSpan());
            while (!buffer.IsEmpty)
            {
                int count = Math.Min(buffer.Length, row.Length - _filled);
                buffer[..count].CopyTo(row[_filled..]);
                buffer = buffer[count..];
                _filled += count;
                if (_filled == row.Length) EndRow();
            }
        }

        public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

        public override void Flush()
        {
        }

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        private void EndRow()
        {
            _filled = 0;
            if (!BitConverter.IsLittleEndian)
            {
                Span<int> bits = MemoryMarshal.Cast<float, int>(_row.AsSpan());
                System.Buffers.Binary.BinaryPrimitives.ReverseEndianness(bits, bits);
            }

            if (!_builder.TryAddRow(_row)) throw new TooManyValuesException();
            if (++_rows < layout.Rows) return;
            _rows = 0;
            _matrices.Add(_builder.Build());
            if (_matrices.Count < layout.Groups) _builder = new QuantizedMatrixBuilder(layout.Rows, layout.Columns);
        }
    }
}
