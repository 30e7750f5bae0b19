namespace Tessera.MetalEmulator.Lint;

/// <summary>The names of the rules: what of the compiler's language is not the project's Metal dialect.</summary>
public static class DialectRules
{
    /// <summary>The source does not compile, or a kernel's parameters break a rule of Apple's that the emulator knows.</summary>
    public const string Compiler = "compiler";

    public const string Lambda = "lambda";
    public const string LocalStatic = "local static";
    public const string MutableGlobal = "mutable global";
    public const string AddressSpace = "address space";
    public const string OpenClWord = "OpenCL word";
    public const string OpenClVector = "OpenCL vector";
    public const string OpenClSwizzle = "OpenCL swizzle";
    public const string VectorComparison = "vector comparison";
    public const string GnuExtension = "GNU extension";
    public const string Inheritance = "inheritance";
    public const string Recursion = "recursion";
    public const string Standard = "std";
    public const string LaneMap = "lane map";
}
