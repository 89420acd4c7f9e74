using Tersor.Compression.Pruning;

namespace Tersor.Compression.Tests.Pruning;

public class PruningScheduleTests
{
    /// <summary>The note on pruning, section 3: s_f = 0.9 over 100 steps.</summary>
    [Theory]
    [InlineData(25, 0.5203)]
    [InlineData(50, 0.7875)]
    [InlineData(75, 0.8859)]
    [InlineData(100, 0.9)]
    public void A_cubic_schedule_is_the_worked_examples(int step, double sparsity) =>
        Assert.Equal(sparsity, PruningSchedules.SparsityAfter(PruningSchedule.Cubic, 0, 0.9, step, 100), 4);

    /// <summary>The note, section 6: a fifth of what is left per round leaves 0.8^n.</summary>
    [Theory]
    [InlineData(3, 0.512)]
    [InlineData(5, 0.3277)]
    [InlineData(10, 0.1074)]
    public void An_iterative_schedule_prunes_the_same_share_of_what_is_left(int round, double left)
    {
        double end = 1 - Math.Pow(0.8, 15);
        Assert.Equal(left, 1 - PruningSchedules.SparsityAfter(PruningSchedule.Iterative, 0, end, round, 15), 4);
    }

    [Theory]
    [InlineData(PruningSchedule.OneShot)]
    [InlineData(PruningSchedule.Iterative)]
    [InlineData(PruningSchedule.Cubic)]
    public void Every_schedule_grows_from_where_it_begins_to_where_it_ends(PruningSchedule schedule)
    {
        double before = 0.3;
        for (int round = 1; round <= 7; round++)
        {
            double now = PruningSchedules.SparsityAfter(schedule, 0.3, 0.95, round, 7);
            Assert.InRange(now, before, 0.95);
            before = now;
        }

        Assert.Equal(0.95, before);
    }
}
