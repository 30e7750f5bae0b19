using Tessera.MetalEmulator.Mutations;

namespace Tessera.Kernels.Metal.Tests.Kernels;

/// <summary>The tests of kernels find seeded bugs: each edit of a kernel's own text is caught, and harmless ones are not.</summary>
public sealed class MutationTests
{
    private static readonly Dictionary<string, Action<Gpu>> Checks = new(StringComparer.Ordinal)
    {
        ["norm"] = NormTests.Check,
        ["attention"] = AttentionTests.Check,
        ["choice"] = ChoiceTests.Check,
        ["prefill"] = AttentionTests.CheckTiles,
        ["copies"] = CopyTests.Check,
        ["elements"] = ElementTests.CheckElements,
        ["rotation"] = RotationTests.Check,
        ["routing"] = RoutingTests.Check,
        ["encoder"] = EncoderTests.Check,
        ["pool"] = EncoderTests.Check,
        ["concat"] = EncoderTests.CheckJoin,
        ["heads"] = EncoderTests.CheckHeads,
        ["experts"] = ExpertTests.Check,
        ["matmul"] = gpu => ProductTests.Check(gpu, "q8_0", tiles: true),
        ["matmul f32"] = gpu => ProductTests.Check(gpu, "f32", tiles: true),
    };

    public static TheoryData<string> BugNames => [.. MutationCases.Bugs.Select(b => $"{b}")];

    public static TheoryData<string> MoreBugNames => [.. MutationCases.MoreBugs.Select(b => $"{b}")];

    public static TheoryData<string> VariantNames => [.. MutationCases.Variants.Select(b => $"{b}")];

    public static TheoryData<string> MoreVariantNames => [.. MutationCases.MoreVariants.Select(b => $"{b}")];

    [Theory, MemberData(nameof(BugNames))]
    public void A_seeded_bug_is_found(string bug) => Verify(MutationCases.Bugs, bug, BugExpectation.Caught);

    [Theory, MemberData(nameof(VariantNames))]
    public void A_harmless_variant_passes(string variant) => Verify(MutationCases.Variants, variant, BugExpectation.Harmless);

    [Theory, MemberData(nameof(MoreBugNames))]
    public void One_more_seeded_bug_is_found(string bug)
    {
        LongTests.Require();
        Verify(MutationCases.MoreBugs, bug, BugExpectation.Caught);
    }

    [Theory, MemberData(nameof(MoreVariantNames))]
    public void One_more_harmless_variant_passes(string variant)
    {
        LongTests.Require();
        Verify(MutationCases.MoreVariants, variant, BugExpectation.Harmless);
    }

    private static void Verify(Edit[] edits, string name, BugExpectation expected)
    {
        Edit edit = edits.Single(e => $"{e}" == name);
        Action<Gpu> check = Checks.GetValueOrDefault(edit.Check) ?? (gpu => ProductTests.Check(gpu, edit.Check, tiles: false));
        MutationRun.Verify(new SeededBug(edit.Name, $"{edit.Check}.metal", edit.Find, edit.Replace) { Occurrence = edit.Occurrence, Expected = expected }, session =>
        {
            using Gpu gpu = new(session, isOwner: false);
            check(gpu);
        });
    }
}
