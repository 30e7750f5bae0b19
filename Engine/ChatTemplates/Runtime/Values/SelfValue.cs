using Tessera.Engine.ChatTemplates.Syntax;

namespace Tessera.Engine.ChatTemplates.Runtime.Values;

/// <summary>The variable <c>self</c>: the template's blocks, to write them once more.</summary>
internal sealed class SelfValue(Interpreter interpreter, IReadOnlyDictionary<string, Statement[]> blocks, Scope top)
{
    public bool TryBlock(string name, out object? value)
    {
        bool found = blocks.TryGetValue(name, out Statement[]? body);
        value = found ? new BlockValue(interpreter, name, body!, top) : null;
        return found;
    }

    private sealed class BlockValue(Interpreter interpreter, string name, Statement[] body, Scope top) : CallableValue
    {
        public override object? Call(RenderState state, Arguments arguments)
        {
            if (arguments.Positional.Length > 0 || arguments.Keywords.Length > 0)
                Failure.Throw($"the block '{name}' takes no arguments");
            state.Budget.Enter();
            string text = interpreter.Capture(body, new Scope(top));
            state.Budget.Leave();
            return text;
        }
    }
}
