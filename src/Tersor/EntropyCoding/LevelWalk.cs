namespace Tersor.EntropyCoding;

/// <summary>Shows the levels of a tensor to a visitor in coding order (NNC implementer's text, section 9): all that are coded, or a sample of them.</summary>
internal static class LevelWalk
{
    private const int LevelsBetweenChecks = 1 << 16;

    /// <summary>Walks.</summary>
    /// <param name="syntax">Matrix view, scan order, quantizer.</param>
    /// <param name="skippedRows">1 per row that is skipped; empty where row skipping is off.</param>
    /// <param name="levels">Row-major.</param>
    /// <param name="sample">Which levels.</param>
    /// <param name="visitor">Sees them.</param>
    /// <param name="cancellationToken">Checked every few thousand levels.</param>
    public static void Run<TVisitor>(
        in LevelSyntax syntax,
        ReadOnlySpan<byte> skippedRows,
        ReadOnlySpan<int> levels,
        SymbolSample sample,
        ref TVisitor visitor,
        CancellationToken cancellationToken = default)
        where TVisitor : struct, ILevelVisitor, allows ref struct
    {
        var path = default(SymbolPath);
        var scan = new LevelScan(syntax, skippedRows);
        int position = 0;
        int nextCheck = 0;
        bool sampling = false;
        while (scan.MoveNext())
        {
            if (scan.EntersBlockRow)
            {
                path.Neighbour = 0;
                visitor.EnterBlockRow(path.State);
            }

            if (scan.IsSkipped)
            {
                if (syntax.DependentQuantization) path.State = DependentQuantizer.SkipZeros(path.State, syntax.RowLength);
                position += scan.Length;
                continue;
            }

            for (int start = scan.Start, end = scan.Start + scan.Length; start < end;)
            {
                if (position >= nextCheck)
                {
                    cancellationToken.ThrowIfCancellationRequested();
                    nextCheck = position + LevelsBetweenChecks;
                }

                (int length, bool isShown) = sample.At(position);
                length = Math.Min(Math.Min(length, end - start), LevelsBetweenChecks);
                if (!sampling && sample.IsRest(position))
                {
                    sampling = true;
                    visitor.EnterSample();
                }

                ReadOnlySpan<int> piece = levels.Slice(start, length);
                if (isShown) visitor.Visit(piece, start, ref path);
                else Pass(piece, syntax.DependentQuantization, ref path);
                start += length;
                position += length;
            }
        }
    }

    private static void Pass(ReadOnlySpan<int> levels, bool dependent, ref SymbolPath path)
    {
        int last = levels[^1];
        path.Neighbour = last;
        if (!dependent) return;
        int state = DependentQuantizer.StateAfter(path.State, levels[..^1]);
        path.Neighbour = DependentQuantizer.ToSymbol(state, last);
        path.State = DependentQuantizer.NextState(state, path.Neighbour);
    }
}
