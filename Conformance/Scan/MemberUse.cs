namespace Tessera.Conformance.Scan;

/// <summary>A member of another assembly that a method's code names.</summary>
/// <param name="Type">The full name of its type, without type arguments: <c>System.Buffers.ArrayPool`1</c>.</param>
/// <param name="TypeArguments">The type's arguments.</param>
/// <param name="Name">Its name; <c>.ctor</c> for a constructor.</param>
/// <param name="IsStatic">Whether it has no instance.</param>
/// <param name="Parameters">The full names of its parameters' types.</param>
internal sealed record MemberUse(string Type, IReadOnlyList<string> TypeArguments, string Name, bool IsStatic, IReadOnlyList<string> Parameters)
{
    public override string ToString() => $"{Type}{(TypeArguments.Count == 0 ? "" : $"<{string.Join(", ", TypeArguments)}>")}.{Name}";
}
