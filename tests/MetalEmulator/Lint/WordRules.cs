namespace Tessera.MetalEmulator.Lint;

/// <summary>Rules that words decide.</summary>
internal static class WordRules
{
    // Metal's specification lists what of C++ it leaves out; clang compiles some of it for x86.
    private static readonly Dictionary<string, string> LeftOut = new()
    {
        ["goto"] = "goto", ["virtual"] = "virtual", ["noexcept"] = "noexcept", ["register"] = "register", ["thread_local"] = "thread_local",
        ["dynamic_cast"] = "dynamic_cast", ["typeid"] = "typeid", ["new"] = "new", ["delete"] = "delete", ["try"] = "exceptions", ["throw"] = "exceptions",
        ["catch"] = "exceptions", ["asm"] = "asm", ["__asm__"] = "asm", ["__asm"] = "asm", ["double"] = "double",
    };

    // Words of OpenCL or of clang that compile here and not on a Mac.
    private static readonly HashSet<string> OpenCl =
    [
        "__global", "__local", "__private", "__constant", "__kernel", "__generic", "global", "local", "generic", "__attribute__", "__read_only", "__write_only",
        "half8", "half16", "float8", "float16", "pipe", "event_t", "vec_step",
    ];

    private static readonly string[] OpenClPrefixes = ["__builtin_", "__opencl_", "get_global_", "get_local_", "get_group_", "convert_", "vload", "vstore", "emu_", "Emu", "EMU_"];

    private static readonly HashSet<string> VectorTypes =
        [.. from type in new[] { "char", "uchar", "short", "ushort", "int", "uint", "long", "ulong", "half", "float" } from n in new[] { 2, 3, 4 } select $"{type}{n}"];

    /// <summary>Rules for the source as it was written.</summary>
    public static IEnumerable<DialectFinding> OfSource(List<SourceToken> tokens)
    {
        for (int i = 0; i < tokens.Count; i++)
        {
            (string word, int line) = tokens[i];
            if (OpenCl.Contains(word) || OpenClPrefixes.Any(p => word.StartsWith(p, StringComparison.Ordinal)))
                yield return new DialectFinding(DialectRules.OpenClWord, line, word);
            else if (IsListCast(tokens, i))
                yield return new DialectFinding(DialectRules.OpenClVector, line, $"({tokens[i + 1].Text})(…, …) is a comma operator in Metal: write {tokens[i + 1].Text}(…, …)");
        }
    }

    /// <summary>Rules for the source's own text after the preprocessor.</summary>
    public static IEnumerable<DialectFinding> OfPreprocessed(List<SourceToken> tokens)
    {
        for (int i = 0; i < tokens.Count; i++)
        {
            (string word, int line) = tokens[i];
            if (LeftOut.TryGetValue(word, out string? rule) && !(word is "delete" && i > 0 && tokens[i - 1].Text == "="))
                yield return new DialectFinding(rule, line, word);
            else if (word == "std" && i + 2 < tokens.Count && tokens[i + 1].Text == ":" && tokens[i + 2].Text == ":")
                yield return new DialectFinding(DialectRules.Standard, line, "std:: is metal:: here");
            else if (word == "thread_elements")
                yield return new DialectFinding(DialectRules.LaneMap, line, "which lane holds what of a simdgroup_matrix is not specified");
        }
    }

    // ( float4 ) ( a , …
    private static bool IsListCast(List<SourceToken> tokens, int i)
    {
        if (i + 3 >= tokens.Count || tokens[i].Text != "(" || !VectorTypes.Contains(tokens[i + 1].Text) || tokens[i + 2].Text != ")" || tokens[i + 3].Text != "(")
            return false;
        int depth = 0;
        for (int k = i + 3; k < tokens.Count; k++)
        {
            depth += tokens[k].Text is "(" or "[" or "{" ? 1 : tokens[k].Text is ")" or "]" or "}" ? -1 : 0;
            if (depth == 0)
                return false;
            if (depth == 1 && tokens[k].Text == ",")
                return true;
        }
        return false;
    }
}
