using System.CommandLine;
using Tersor.Representations;

namespace Tersor.Cli.Options;

/// <summary><c>--representation FORM</c>: what the weights of products and convolutions are run from.</summary>
internal sealed class RepresentationOption
{
    private const string Dense = "dense";

    // CSR with the narrowest indices that serve.
    private const string Csr = "csr";

    // Of auto: who asks for a form has memory in mind, but not at any price.
    private const double MostSlowdown = 3;

    private static readonly (string Word, Func<QuantizedMatrix, Representation?> Hold)[] Forms =
    [
        ("auto", matrix => Choose(matrix, RepresentationGoal.Smallest, canWait: false)),
        ("smallest", matrix => Choose(matrix, RepresentationGoal.Smallest, canWait: true)),
        ("fastest", matrix => Choose(matrix, RepresentationGoal.Fastest, canWait: true)),
        (Csr, matrix => Representation.Create(matrix, RepresentationFormat.Csr16.CanHold(matrix) ? RepresentationFormat.Csr16 : RepresentationFormat.Csr32)),
        .. RepresentationFormats.All.Where(format => format != RepresentationFormat.Dense)
            .Select(format => (format.Name(), (Func<QuantizedMatrix, Representation?>)(matrix => format.CanHold(matrix) ? Representation.Create(matrix, format) : null))),
    ];

    private readonly Option<int?> _form = ValueOption.Choice(
        "--representation",
        "Hold the weights of products and convolutions in this form and run from it, where it can hold them; auto takes, for each, the smallest that answers a single vector in at most three times the time of dense. dense if not given.",
        [(Dense, 0), .. Forms.Select((form, index) => (form.Word, index + 1))]);

    /// <summary>Adds the option to a verb.</summary>
    public void AddTo(Command verb) => verb.Add(_form);

    private static Representation? Choose(QuantizedMatrix matrix, RepresentationGoal goal, bool canWait)
    {
        IReadOnlyList<RepresentationCandidate> ranked = RepresentationChooser.Choose(matrix.Measure(), goal).Candidates;
        double dense = ranked.Single(candidate => candidate.Format == RepresentationFormat.Dense).Nanoseconds;
        RepresentationFormat format = ranked.First(candidate => canWait || candidate.Nanoseconds <= MostSlowdown * dense).Format;
        return format == RepresentationFormat.Dense ? null : Representation.Create(matrix, format);
    }

    /// <summary>What makes the form of a weight, or null where they all stay dense.</summary>
    public Func<QuantizedMatrix, Representation?>? Resolve(Invocation invocation) => invocation.Value(_form) is > 0 and int index ? Forms[index - 1].Hold : null;
}
