namespace Tessera.Conformance.SelfTest;

/// <summary>A line of a self-test's table.</summary>
/// <param name="What">What was tried.</param>
/// <param name="Found">What came out.</param>
/// <param name="Passed">Whether it is as it must be.</param>
public sealed record SelfTestResult(string What, string Found, bool Passed);
