namespace Tessera.Engine.Tests.Families;

/// <summary>Every mixture of experts that differs in a single thing from a given one.</summary>
internal static class MixtureMutations
{
    public static IEnumerable<(string What, MixtureOfExpertsNode Node)> Of(MixtureOfExpertsNode n)
    {
        foreach ((string what, ExpertRouting routing) in Of(n.Routing))
            yield return (what, n with { Routing = routing });
        yield return ("activation", n with { Activation = n.Activation == Activation.Silu ? Activation.GeluTanh : Activation.Silu });
        yield return ("exchanged", n with { Gate = n.Up, Up = n.Gate, GateBias = n.UpBias, UpBias = n.GateBias });
        if (n.Limit != 0)
        {
            yield return ("higher limit", n with { Limit = n.Limit + 1 });
            yield return ("lower limit", n with { Limit = n.Limit - 1 });
        }
        if (n.GateBias is not null)
            yield return ("no gate bias", n with { GateBias = null });
        if (n.UpBias is not null)
            yield return ("no up bias", n with { UpBias = null });
        if (n.DownBias is not null)
            yield return ("no down bias", n with { DownBias = null });
        if (n.SelectionBias is not null)
            yield return ("no selection bias", n with { SelectionBias = null });
    }

    private static IEnumerable<(string, ExpertRouting)> Of(ExpertRouting r)
    {
        yield return ("fewer experts", r with { Used = r.Used - 1 });
        yield return ("other scores", r with { Scoring = r.Scoring == ExpertScoring.Sigmoid ? ExpertScoring.Softmax : ExpertScoring.Sigmoid });
        // A softmax over the chosen has the sum 1 already.
        if (r.Scoring != ExpertScoring.SoftmaxOfChosen)
            yield return ("normalization", r with { Normalize = !r.Normalize });
        if (r.Scale != 1)
            yield return ("no scale", r with { Scale = 1 });
        if (r.Groups == 1)
            yield break;
        yield return ("no groups", r with { Groups = 1, GroupsUsed = 1 });
        yield return ("more groups", r with { GroupsUsed = r.GroupsUsed + 1 });
        yield return ("group scores", r with { GroupScoring = r.GroupScoring == GroupScoring.Best ? GroupScoring.BestTwo : GroupScoring.Best });
    }
}
