using Tessera.Engine.Sampling;

namespace Tessera.Engine.Tests.Sampling;

public sealed class BestTokensTests
{
    [Theory]
    [InlineData(1), InlineData(2), InlineData(7), InlineData(32)]
    public void They_come_in_order_and_of_equal_ones_the_first(int count)
    {
        Random random = new(count);
        foreach (int width in (int[])[1, 5, 31, 64, 1003])
        {
            // Few different values: many are equal. Some tokens are never taken.
            float[] logits = [.. Enumerable.Range(0, width).Select(i => i % 5 == 3 ? float.NegativeInfinity : random.Next(20) - 10)];
            BestToken[] best = new BestToken[count];
            int found = BestTokens.Choose(logits, best);
            Assert.Equal(Enumerable.Range(0, width).Where(i => logits[i] > float.NegativeInfinity).OrderByDescending(i => logits[i]).ThenBy(i => i).Take(count).Select(i => new BestToken(i, logits[i])), best[..found]);
        }
    }

    [Theory]
    [InlineData(float.NaN), InlineData(float.PositiveInfinity)]
    public void Where_a_logit_is_no_number_there_are_none(float broken)
    {
        foreach (int count in (int[])[1, 4])
            foreach (int at in (int[])[0, 17, 36])
            {
                float[] logits = new float[37];
                logits[at] = broken;
                Assert.Equal(0, BestTokens.Choose(logits, new BestToken[count]));
                Array.Fill(logits, float.NegativeInfinity);
                Assert.Equal(0, BestTokens.Choose(logits, new BestToken[count]));
            }
    }
}
