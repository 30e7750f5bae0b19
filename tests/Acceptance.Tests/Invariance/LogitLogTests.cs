namespace Tessera.Acceptance.Tests.Invariance;

/// <summary>The log finds what the invariance tests look for.</summary>
public sealed class LogitLogTests
{
    [Fact]
    public void One_other_bit_after_the_same_tokens_is_a_difference()
    {
        LogitLog log = new();
        log.Begin("first");
        log.Add([1, 70_000, 3], [0.5f, -0f]);
        log.Begin("second");
        log.Add([1, 70_000, 3], [0.5f, -0f]);
        log.Add([1, 70_000, 4], [0.25f, 0f]);
        Assert.Equal((2, 1), (log.Rows, log.Compared));
        Assert.Empty(log.Different);
        log.Add([1, 70_000, 3], [0.5f, 0f]);
        Assert.Equal(["second: 3 tokens, 7 of 8 bytes equal before the first that is not"], log.Different);
    }
}
