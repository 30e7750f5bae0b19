using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace Tessera.Host.Configuration;

/// <summary>Reads a YAML text (https://yaml.org/spec/1.2.2/) into nodes: one document of mappings, lists and scalars; no anchors, aliases or tags; bounded in size and depth.</summary>
internal sealed class YamlReader
{
    public const int MaxBytes = 1 << 20;
    private const int MaxDepth = 16;
    private const int MaxNodes = 20_000;

    private readonly string _file;
    private readonly ConfigurationErrors _errors;
    private readonly Parser _parser;
    private int _nodes;

    private YamlReader(string file, string text, ConfigurationErrors errors)
    {
        _file = file;
        _errors = errors;
        _parser = new Parser(new StringReader(text));
    }

    /// <summary>The document's mapping; an empty one where the text is empty or no YAML at all (an error is added then).</summary>
    public static MappingNode Read(string file, string text, ConfigurationErrors errors)
    {
        try
        {
            return new YamlReader(file, text, errors).Document();
        }
        catch (YamlException e)
        {
            errors.Add(new(file, (int)Math.Max(1, e.Start.Line)), "", $"not valid YAML: {e.Message}");
        }
        catch (LimitException e)
        {
            errors.Add(new(file, e.Line), "", e.Message);
        }
        return new MappingNode(1, []);
    }

    private MappingNode Document()
    {
        _parser.Consume<StreamStart>();
        if (_parser.Accept<StreamEnd>(out _))
            return new MappingNode(1, []);
        _parser.Consume<DocumentStart>();
        ConfigurationNode root = Node("", 0);
        _parser.Consume<DocumentEnd>();
        if (_parser.Current is DocumentStart second)
            _errors.Add(At(second), "", "a second document; expected one");
        if (root is MappingNode mapping)
            return mapping;
        if (root is not ScalarNode { IsNull: true })
            _errors.Add(new(_file, root.Line), "", "expected keys and values");
        return new MappingNode(1, []);
    }

    private ConfigurationNode Node(string path, int depth)
    {
        ParsingEvent next = _parser.Current ?? throw new LimitException("the text ends too early", 1);
        if (depth > MaxDepth)
            throw new LimitException($"nested deeper than {MaxDepth} levels", Line(next));
        if (++_nodes > MaxNodes)
            throw new LimitException($"more than {MaxNodes} values", Line(next));
        if (next is AnchorAlias alias)
        {
            _parser.MoveNext();
            _errors.Add(At(alias), path, $"an alias (*{alias.Value}); write the value out");
            return new ScalarNode(Line(alias), "", Quoted: true);
        }
        if (next is NodeEvent { Anchor.IsEmpty: false } anchored)
            _errors.Add(At(next), path, $"an anchor (&{anchored.Anchor.Value}); they are not used here");
        if (next is NodeEvent { Tag.IsEmpty: false } tagged)
            _errors.Add(At(next), path, $"a tag ({tagged.Tag.Value}); they are not used here");
        if (next is Scalar scalar)
        {
            _parser.MoveNext();
            return new ScalarNode(Line(scalar), scalar.Value, scalar.Style != ScalarStyle.Plain);
        }
        return next is SequenceStart ? Sequence(path, depth) : Mapping(path, depth);
    }

    private SequenceNode Sequence(string path, int depth)
    {
        SequenceStart start = _parser.Consume<SequenceStart>();
        List<ConfigurationNode> items = [];
        while (!_parser.TryConsume<SequenceEnd>(out _))
            items.Add(Node($"{path}[{items.Count}]", depth + 1));
        return new SequenceNode(Line(start), items);
    }

    private MappingNode Mapping(string path, int depth)
    {
        MappingStart start = _parser.Consume<MappingStart>();
        Dictionary<string, int> lines = [];
        List<MappingEntry> entries = [];
        while (!_parser.TryConsume<MappingEnd>(out _))
        {
            ConfigurationNode key = Node(path, depth + 1);
            string name = key is ScalarNode scalar ? scalar.Text : "?";
            string full = path.Length == 0 ? name : $"{path}.{name}";
            ConfigurationNode value = Node(full, depth + 1);
            if (key is not ScalarNode)
                _errors.Add(new(_file, key.Line), path, "a key must be a text");
            else if (!lines.TryAdd(name, key.Line))
                _errors.Add(new(_file, key.Line), full, $"the key stands here twice (first on line {lines[name]})");
            else
                entries.Add(new MappingEntry(name, key.Line, value));
        }
        return new MappingNode(Line(start), entries);
    }

    private ConfigurationPlace At(ParsingEvent e) => new(_file, Line(e));

    private static int Line(ParsingEvent e) => (int)e.Start.Line;

    private sealed class LimitException(string message, int line) : Exception(message)
    {
        public int Line { get; } = line;
    }
}
