namespace Tessera.Engine.Grammars.Automaton;

/// <summary>What can be said of a compiled grammar before it is used.</summary>
internal sealed class GrammarAnalysis(Node[] nodes, ByteEdge[] edges, int[] targets, int[] starts)
{
    /// <summary>Rules that come back to the first of them before a byte is taken; the first is also the last. Null: there are none.</summary>
    public List<int>? LeftRecursion()
    {
        bool[] empty = Ending(byBytes: false);
        List<int>[] first = new List<int>[starts.Length];
        int[] seen = new int[nodes.Length];
        for (int rule = 0; rule < starts.Length; rule++)
            first[rule] = Beginnings(rule, empty, seen);
        byte[] colours = new byte[starts.Length];
        for (int rule = 0; rule < starts.Length; rule++)
            if (colours[rule] == 0 && Cycle(rule, first, colours) is { } cycle)
                return cycle;
        return null;
    }

    /// <summary>The automaton, without what never comes to an end; null where nothing does.</summary>
    public GrammarAutomaton? Prune()
    {
        bool[] ending = Ending(byBytes: true);
        if (!ending[starts[0]])
            return null;
        for (int i = 0; i < nodes.Length; i++)
        {
            Node node = nodes[i];
            int kept = 0;
            if (node.Kind == NodeKind.Bytes)
            {
                foreach (ByteEdge edge in edges.AsSpan(node.First, node.Count))
                    if (ending[edge.Next])
                        edges[node.First + kept++] = edge;
                nodes[i] = node with { Count = kept };
            }
            else if (node.Kind == NodeKind.Either)
            {
                foreach (int target in targets.AsSpan(node.First, node.Count))
                    if (ending[target])
                        targets[node.First + kept++] = target;
                nodes[i] = node with { Count = kept };
            }
        }
        return new GrammarAutomaton(nodes, edges, targets, starts);
    }

    /// <summary>The nodes from which their rule's end can be reached, with bytes or only without.</summary>
    private bool[] Ending(bool byBytes)
    {
        (int[] offsets, int[] before) = Before(byBytes);
        bool[] ending = new bool[nodes.Length];
        Stack<int> open = new([0]);
        ending[0] = true;
        while (open.TryPop(out int node))
            foreach (int other in before.AsSpan(offsets[node], offsets[node + 1] - offsets[node]))
                if (!ending[other] && (nodes[other].Kind != NodeKind.Call || (ending[starts[nodes[other].First]] && ending[nodes[other].Count])))
                {
                    ending[other] = true;
                    open.Push(other);
                }
        return ending;
    }

    /// <summary>For each node, those that lead to it.</summary>
    private (int[] Offsets, int[] Before) Before(bool byBytes)
    {
        int[] offsets = new int[nodes.Length + 2];
        foreach ((_, int to) in Steps(byBytes))
            offsets[to + 2]++;
        for (int i = 1; i < offsets.Length; i++)
            offsets[i] += offsets[i - 1];
        int[] before = new int[offsets[^1]];
        foreach ((int from, int to) in Steps(byBytes))
            before[offsets[to + 1]++] = from;
        return (offsets, before);
    }

    private IEnumerable<(int From, int To)> Steps(bool byBytes)
    {
        for (int i = 0; i < nodes.Length; i++)
        {
            Node node = nodes[i];
            for (int k = 0; k < node.Count && (node.Kind == NodeKind.Either || (node.Kind == NodeKind.Bytes && byBytes)); k++)
                yield return (i, node.Kind == NodeKind.Bytes ? edges[node.First + k].Next : targets[node.First + k]);
            if (node.Kind != NodeKind.Call)
                continue;
            yield return (i, starts[node.First]);
            yield return (i, node.Count);
        }
    }

    /// <summary>The rules that a rule may begin with.</summary>
    private List<int> Beginnings(int rule, bool[] empty, int[] seen)
    {
        List<int> found = [];
        Stack<int> open = new([starts[rule]]);
        while (open.TryPop(out int at))
        {
            if (seen[at] == rule + 1)
                continue;
            seen[at] = rule + 1;
            Node node = nodes[at];
            if (node.Kind == NodeKind.Either)
                foreach (int target in targets.AsSpan(node.First, node.Count))
                    open.Push(target);
            if (node.Kind != NodeKind.Call)
                continue;
            found.Add(node.First);
            if (empty[starts[node.First]])
                open.Push(node.Count);
        }
        return found;
    }

    /// <summary>A way from a rule back to one that it went through.</summary>
    private static List<int>? Cycle(int from, List<int>[] first, byte[] colours)
    {
        const byte Open = 1, Done = 2;
        List<int> way = [from];
        Stack<int> next = new([0]);
        colours[from] = Open;
        while (next.TryPop(out int i))
        {
            int rule = way[^1];
            if (i == first[rule].Count)
            {
                colours[rule] = Done;
                way.RemoveAt(way.Count - 1);
                continue;
            }
            next.Push(i + 1);
            int other = first[rule][i];
            if (colours[other] == Open)
                return [.. way[way.IndexOf(other)..], other];
            if (colours[other] == Done)
                continue;
            colours[other] = Open;
            way.Add(other);
            next.Push(0);
        }
        return null;
    }
}
