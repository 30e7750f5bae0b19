namespace Tessera.Kernels.Cpu.Linear.Grouped.Found;

/// <summary>
/// Finds out how groups look whose plugin unpacks them but does not describe them, so that they too are multiplied where they stand. A layout counts as found where it unpacks made-up tensors and rows of the tensor itself bit
/// for bit as the plugin does; the plugin is another's code, and one that throws or does anything odd keeps unpacking.
/// </summary>
internal sealed class GroupFinder
{
    private const int LeastMax = 2, MostMax = 31;

    // Rows that are longer are not tried: several of them are unpacked.
    private const int MostColumns = 1 << 16;

    private readonly Dictionary<string, (FoundGroups? Groups, string Why)> _types = new(StringComparer.Ordinal);

    /// <summary>A source that unpacks a tensor as its plugin does, and knows its groups; null where they are not found.</summary>
    /// <param name="weight">A validated tensor.</param>
    /// <param name="type">Its type.</param>
    /// <param name="why">Then says why; empty where nothing is to be found.</param>
    public FoundGroups? Find(WeightTensor weight, IQuantization type, out string why)
    {
        why = "";
        if (type is not IAffineUnpack { GroupSize: GroupLayout.Elements, MaxValue: >= LeastMax and <= MostMax } unpack || weight.Parts.Length != 1 || weight.Columns is < GroupLayout.Elements or > MostColumns || weight.Rows < 1)
            return null;
        long bytes = weight.Parts[0].Length / (weight.Rows * weight.Columns / GroupLayout.Elements);
        if (bytes is < sizeof(ushort) or > GroupPlaces.MostBytes)
            return null;
        try
        {
            string key = $"{type.Id} {weight.Columns} {bytes} {string.Join(' ', weight.Parameters.OrderBy(p => p.Key, StringComparer.Ordinal))}";
            if (!_types.TryGetValue(key, out (FoundGroups? Groups, string Why) found))
                _types.Add(key, found = Look(weight, type, (int)bytes));
            if (found.Groups is null || new GroupTrial(unpack, found.Groups).IsEqualIn(weight))
            {
                why = found.Why;
                return found.Groups;
            }
            why = "some of its rows are unpacked otherwise";
        }
        catch (Exception e)
        {
            why = Failed(e);
        }
        return null;
    }

    private static (FoundGroups? Groups, string Why) Look(WeightTensor weight, IQuantization type, int bytes)
    {
        try
        {
            if (new GroupProbe(type, weight, bytes).Run() is not { } found)
                return (null, "no layout has its bits where they are");
            if (GroupPlaces.Of(found.Layout) is null)
                return (null, "what belongs to a group is too far apart");
            return new GroupTrial((IAffineUnpack)type, found).IsEqual(weight) ? (found, "") : (null, "made-up ones are unpacked otherwise");
        }
        catch (Exception e)
        {
            return (null, Failed(e));
        }
    }

    private static string Failed(Exception e) => $"its plugin failed: {(e is TesseraException ? e.Message : $"{e.GetType().Name}: {e.Message}")}";
}
