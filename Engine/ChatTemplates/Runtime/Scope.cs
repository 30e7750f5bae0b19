namespace Tessera.Engine.ChatTemplates.Runtime;

/// <summary>The variables of one body; reading looks outwards, setting does not.</summary>
internal sealed class Scope(Scope? parent)
{
    private Dictionary<string, object?>? _variables;

    public Scope Top
    {
        get
        {
            Scope top = this;
            while (top.Parent is Scope outer)
                top = outer;
            return top;
        }
    }

    public void Set(string name, object? value) => (_variables ??= [])[name] = value;

    /// <summary>Finds a variable, and says how many bodies were looked at.</summary>
    public bool TryGet(string name, out object? value, out int bodies)
    {
        bodies = 0;
        for (Scope? scope = this; scope is not null; scope = scope.Parent)
        {
            bodies++;
            if (scope._variables is not null && scope._variables.TryGetValue(name, out value))
                return true;
        }
        value = null;
        return false;
    }

    private Scope? Parent => parent;
}
