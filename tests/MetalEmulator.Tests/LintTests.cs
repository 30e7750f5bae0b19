using Tessera.MetalEmulator.Lint;

namespace Tessera.MetalEmulator.Tests;

/// <summary>Every rule of the dialect finds what it is about, and kernels in the dialect pass.</summary>
public sealed class LintTests
{
    private const string Head = "#include <metal_stdlib>\nusing namespace metal;\n";

    // What clang compiles: one source for all, each piece on its own line, so that clang runs once.
    private static readonly (string Rule, string Code)[] Compiled =
    [
        (DialectRules.Lambda, "static inline float f1(float x) { auto g = [](float a) { return a; }; return g(x); }"),
        (DialectRules.LocalStatic, "static inline int f2() { static int n = 3; return n; }"),
        (DialectRules.MutableGlobal, "static int count3;"),
        (DialectRules.MutableGlobal, "static constexpr int Size4 = 4;"),
        (DialectRules.AddressSpace, "static inline float f5(const float * p) { return *p; }"),
        (DialectRules.AddressSpace, "static inline void f6(float & x) { x = 1; }"),
        (DialectRules.AddressSpace, "static inline float f7(float x) { float * p = &x; return *p; }"),
        (DialectRules.AddressSpace, "static inline float f8(thread float * p) { return *(const float *)p; }"),
        (DialectRules.AddressSpace, "struct S9 { float * p; };"),
        (DialectRules.OpenClSwizzle, "static inline float f10(float4 v) { return v.lo.x; }"),
        (DialectRules.OpenClSwizzle, "static inline float f11(float4 v) { return v.s2; }"),
        (DialectRules.OpenClSwizzle, "static inline float2 f12(float4 v) { return v.even; }"),
        (DialectRules.OpenClVector, "static inline float4 f13(float x) { return (float4)(x, x, x, x); }"),
        (DialectRules.OpenClWord, "static inline float f14(__global float * p) { return *p; }"),
        (DialectRules.OpenClWord, "static inline int f15(uint x) { return __builtin_popcount(x); }"),
        (DialectRules.VectorComparison, "static inline int f16(float4 a, float4 b) { int4 c = a < b; return c.x; }"),
        (DialectRules.GnuExtension, "static inline int f17(int a) { return ({ int b = a; b; }); }"),
        (DialectRules.GnuExtension, "static inline int f18(int a) { return a ?: 1; }"),
        (DialectRules.Inheritance, "struct A19 { int a; }; struct B19 : A19 { int b; };"),
        (DialectRules.Recursion, "static int f20(int n) { return n == 0 ? 0 : f20(n - 1); }"),
        (DialectRules.Recursion, "static int f21(int n); static int g21(int n) { return f21(n); } static int f21(int n) { return n == 0 ? 0 : g21(n - 1); }"),
        (DialectRules.LaneMap, "static inline float f22(thread simdgroup_float8x8 & m) { return m.thread_elements().x; }"),
        ("goto", "static inline int f23(int a) { if (a > 0) goto end; a = 1; end: return a; }"),
        ("noexcept", "static inline int f24(int a) noexcept { return a; }"),
    ];

    // What is found by its words, whether clang compiles it or not.
    private static readonly (string Rule, string Code)[] Words =
    [
        ("virtual", "struct V1 { virtual int f() const; };"),
        ("register", "static inline int f2(int a) { register int b = a; return b; }"),
        ("thread_local", "thread_local int t3;"),
        ("dynamic_cast", "static inline int f4(thread int * a) { return *dynamic_cast<thread int *>(a); }"),
        ("typeid", "static inline bool f5(int a) { return typeid(a) == typeid(int); }"),
        ("new", "static inline int f6() { return *new int(3); }"),
        ("delete", "static inline void f7(thread int * a) { delete a; }"),
        ("exceptions", "static inline void f8() { throw 1; }"),
        ("asm", "static inline void f9() { asm(\"nop\"); }"),
        ("double", "static inline float f10(float a) { double b = a; return (float)b; }"),
        (DialectRules.Standard, "static inline float f11(float a) { return std::sqrt(a); }"),
    ];

    private static readonly Lazy<IReadOnlyList<DialectFinding>> OfCompiled = new(() => DialectLinter.Check(Joined(Compiled)));
    private static readonly Lazy<IReadOnlyList<DialectFinding>> OfWords = new(() => DialectLinter.Check(Joined(Words)));

    private static string Joined((string Rule, string Code)[] pieces) => Head + string.Join('\n', pieces.Select(p => p.Code)) + '\n';

    public static TheoryData<int> CompiledCases => [.. Enumerable.Range(0, Compiled.Length)];

    public static TheoryData<int> WordCases => [.. Enumerable.Range(0, Words.Length)];

    [Theory]
    [MemberData(nameof(CompiledCases))]
    public void What_clang_compiles_and_the_dialect_has_not_is_found_in_its_line(int index)
    {
        Emulator.Require();
        DialectFinding[] here = [.. OfCompiled.Value.Where(f => f.Line == index + 3)];
        Assert.Contains(here, f => f.Rule == Compiled[index].Rule);
        Assert.All(here, f => Assert.True(f.Rule == Compiled[index].Rule || Compiled[index].Code.Contains("__", StringComparison.Ordinal), $"{Compiled[index].Code}: {f}"));
    }

    [Fact]
    public void Every_rule_has_a_case() =>
        Assert.Empty(typeof(DialectRules).GetFields().Select(f => (string)f.GetValue(null)!).Except([DialectRules.Compiler, .. Compiled.Concat(Words).Select(p => p.Rule)]));

    [Fact]
    public void All_of_it_compiles()
    {
        Emulator.Require();
        Assert.DoesNotContain(OfCompiled.Value, f => f.Rule == DialectRules.Compiler);
    }

    [Theory]
    [MemberData(nameof(WordCases))]
    public void What_Metal_leaves_out_of_the_language_is_found_in_its_line(int index)
    {
        Emulator.Require();
        Assert.Contains(OfWords.Value, f => f.Line == index + 3 && f.Rule == Words[index].Rule);
    }

    [Theory]
    [InlineData("kernel void k(device float * y [[buffer(0)]], uint a [[thread_position_in_grid]], uint2 b [[threads_per_threadgroup]]) { y[a] = b.x; }", "either all scalar types or all vector types")]
    [InlineData("kernel void k(device float * y [[buffer(0)]], uint3 a [[thread_position_in_grid]], uint2 b [[threads_per_threadgroup]]) { y[a.x] = b.x; }", "either all scalar types or all vector types")]
    [InlineData("kernel void k(device float * x [[buffer(0)]], device float * y [[buffer(0)]]) { y[0] = x[0]; }", "[[buffer(0)]] is used twice")]
    [InlineData("kernel void k(device float * y [[buffer(0)]], threadgroup float * a [[threadgroup(1)]], threadgroup float * b [[threadgroup(1)]]) { y[0] = 0; }", "[[threadgroup(1)]] is used twice")]
    [InlineData("kernel void k(device float * y [[buffer(0)]], uint a [[thread_position_in_grid]], uint b [[thread_position_in_grid]]) { y[a] = b; }", "[[thread_position_in_grid]] is used twice")]
    [InlineData("kernel void k(device float * y) { y[0] = 0; }", "has no [[attribute]]")]
    [InlineData("kernel void k(device float * y [[buffer]]) { y[0] = 0; }", "needs an index of 0 to 30")]
    [InlineData("kernel void k(device float * y [[buffer(31)]]) { y[0] = 0; }", "needs an index of 0 to 30")]
    [InlineData("kernel void k(float * y [[buffer(0)]]) { y[0] = 0; }", "one explicit address space")]
    [InlineData("kernel void k(threadgroup float * y [[buffer(0)]]) { y[0] = 0; }", "wrong address space")]
    [InlineData("kernel void k(device float * y [[threadgroup(0)]]) { y[0] = 0; }", "wrong address space")]
    [InlineData("kernel void k(constant float y [[buffer(0)]]) { }", "must be a pointer or a reference")]
    [InlineData("kernel void k(device float * y [[buffer(0)]], int a [[thread_index_in_simdgroup]]) { y[a] = 0; }", "cannot be of type int")]
    [InlineData("kernel void k(device float * y [[buffer(0)]], uint2 a [[thread_index_in_simdgroup]]) { y[a.x] = 0; }", "cannot be of type uint2")]
    [InlineData("kernel void k(device float * y [[buffer(0)]], uint a [[thread_index_in_warp]]) { y[a] = 0; }", "unknown attribute [[thread_index_in_warp]]")]
    [InlineData("kernel float k(device float * y [[buffer(0)]]) { return y[0]; }", "'kernel void name(...)'")]
    [InlineData("template <class T> kernel void k(device T * y [[buffer(0)]]) { y[0] = 0; }", "error")]
    [InlineData("static inline float f(uint i) { threadgroup float s[4]; return s[i]; }", "error")]
    [InlineData("kernel void k(device float * y [[buffer(0)]]) { threadgroup float * p = y; y[0] = *p; }", "error")]
    [InlineData("kernel void k(device const float * y [[buffer(0)]]) { y[0] = 0; }", "error")]
    [InlineData("static inline float f(float x) { return erf(x); }", "error")]
    public void What_does_not_compile_is_a_finding(string code, string text)
    {
        DialectFinding finding = DialectLinter.Check(Head + code).Single(f => f.Rule == DialectRules.Compiler);
        Assert.Contains(text, finding.Text, StringComparison.Ordinal);
    }

    [Fact]
    public void Kernels_in_the_dialect_pass()
    {
        const string Source = Head + """
            // goto, new and virtual in a comment; "std::" in none
            struct Block { half d; char q[32]; };
            struct Twice { static inline float of(float x) { return 2 * x; } };
            constant float table[4] = { 1, 2, 3, 4 };
            template <class F> static inline float apply(float x) { return F::of(x); }
            static inline float sum(device const Block * b, thread float * acc) { for (ushort i = 0; i < 32; ++i) acc[i & 3] += (float)b->q[i]; return acc[0] * (float)b->d; }
            kernel void k(device const Block * w [[buffer(0)]], device float4 * y [[buffer(1)]], constant uint & n [[buffer(2)]], threadgroup half * t [[threadgroup(0)]],
                          uint2 g [[threadgroup_position_in_grid]], ushort lane [[thread_index_in_simdgroup]])
            {
                threadgroup float s[32];
                constexpr ushort N = 4;
                float acc[N] = { 0.0f };
                s[lane] = sum(w + g.x, acc);
                t[lane] = (half)s[lane];
                threadgroup_barrier(mem_flags::mem_threadgroup);
                const float4 v = float4(s[lane ^ 1], table[lane & 3], apply<Twice>(1.0f), (float)t[0]).wzyx;
                simdgroup_float8x8 m = make_filled_simdgroup_matrix<float, 8, 8>(0.0f);
                simdgroup_store(m, s);
                if (lane < n)
                    y[lane] = v + (float4)(0.0f) + simd_sum(v.x);
            }
            """;
        Assert.Empty(DialectLinter.Check(Source));
    }
}
