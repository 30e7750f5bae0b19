using System.Reflection;
using Tessera.Host.Plugins;

namespace Tessera.Host.Tests.Plugins;

/// <summary>What is said of a plugin's exceptions.</summary>
public sealed class FailureTests
{
    [Fact]
    public void What_the_runtime_throws_says_where()
    {
        string? nothing = null;
        Exception thrown = Assert.ThrowsAny<Exception>(() => nothing!.Length);
        Assert.StartsWith($"NullReferenceException: {thrown.Message} (in {typeof(FailureTests).FullName}", Failure.Describe(thrown), StringComparison.Ordinal);
        Assert.EndsWith(")", Failure.Describe(new TargetInvocationException(thrown)), StringComparison.Ordinal);
    }

    [Fact]
    public void What_was_thrown_with_words_is_told_in_them()
    {
        Assert.Equal("InvalidOperationException: no line", Failure.Describe(new InvalidOperationException("no line")));
        Assert.Equal("no line", Failure.Describe(new TesseraException("no line")));
        // Never thrown: there is no place.
        Assert.Equal("DivideByZeroException: zero", Failure.Describe(new DivideByZeroException("zero")));
    }
}
