using Tersor.Models;
using Tersor.Nnc.Syntax;

namespace Tersor.Nnc;

/// <summary>
/// Decodes a base model and its updates, one stream after another: temporal contexts are chosen by the levels of the update before (NNC implementer's text,
/// section 9.6). A tensor that a stream leaves out did not change. Not safe for use by two threads at once.
/// </summary>
public sealed class NncSequenceDecoder
{
    private readonly Dictionary<(long Device, long Parameter, int Position), ParentLevels> _parents = [];

    /// <summary>Decodes the tensors of the next stream as coded and keeps their levels for the one after it.</summary>
    /// <param name="stream">The stream that follows those decoded so far.</param>
    /// <param name="cancellationToken">Looked at all along.</param>
    /// <returns>The tensors that the stream holds. If one is damaged, none is kept.</returns>
    /// <exception cref="ModelFormatException">A payload is damaged.</exception>
    /// <exception cref="UnsupportedModelException">Units ask for what is not supported (all are listed), or one updates a tensor that no stream before holds.</exception>
    /// <exception cref="ResourceLimitException">A tensor has more elements than an array can hold, or more uncoded ones than the options allow.</exception>
    public IReadOnlyList<LevelTensor> Decode(NncReader stream, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(stream);
        if (stream.Unsupported.Count > 0) throw new UnsupportedModelException(stream.Source, stream.Unsupported);
        var decoded = new List<(CompressedDataUnit Unit, LevelTensor[] Tensors)>(stream.Data.Count);
        foreach (CompressedDataUnit unit in stream.Data)
        {
            NodeId? parent = ParentOf(unit.Header);
            ParentLevels? Parent(int position) => parent is { } node ? _parents.GetValueOrDefault((node.Device, node.Parameter, position)) : null;
            decoded.Add((unit, stream.DecodeUpdate(unit, Parent, cancellationToken)));
        }

        foreach ((CompressedDataUnit unit, LevelTensor[] tensors) in decoded)
        {
            if (unit.Header.Node is not { } node) continue;
            for (int position = 0; position < tensors.Length; position++) Keep((node.Device, node.Parameter, position), tensors[position]);
        }

        return [.. decoded.SelectMany(unit => unit.Tensors)];
    }

    private static NodeId? ParentOf(CompressedDataHeader header)
    {
        if (header.Parent is not { Type: ParentNode.ByDevice } parent) return null;
        if (parent.Explicit is { } named) return new NodeId(parent.Device, named.Parameter, named.Depth);
        return header.Node is { } node ? node with { Device = parent.Device } : null;
    }

    private void Keep((long Device, long Parameter, int Position) key, LevelTensor tensor)
    {
        if (tensor.Rule.Kind == LevelKind.Raw) return;
        byte[] history = _parents.TryGetValue(key, out ParentLevels? before) && before.History.Length == tensor.Levels.Length ? before.History : new byte[tensor.Levels.Length];
        for (int i = 0; i < history.Length; i++)
        {
            if (tensor.Levels[i] != 0) history[i] = 1;
        }

        _parents[key] = new ParentLevels([.. tensor.Levels], history);
    }
}
