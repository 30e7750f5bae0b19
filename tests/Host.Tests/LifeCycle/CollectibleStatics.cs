using System.Reflection;
using System.Reflection.Emit;

namespace Tessera.Host.Tests.LifeCycle;

/// <summary>Types that the runtime can unload: many with a static field, one with a static field for each thread.</summary>
internal sealed class CollectibleStatics
{
    private const int Holders = 200;

    private readonly Type[] _holders;
    private readonly Type _perThread;

    public CollectibleStatics()
    {
        ModuleBuilder module = AssemblyBuilder.DefineDynamicAssembly(new AssemblyName("statics"), AssemblyBuilderAccess.RunAndCollect).DefineDynamicModule("statics");
        _holders = [.. Enumerable.Range(0, Holders).Select(i => Define(module, $"Holder{i}", perThread: false))];
        _perThread = Define(module, "PerThread", perThread: true);
    }

    /// <summary>Writes every static field.</summary>
    public void Fill()
    {
        foreach (Type holder in _holders)
            Field(holder).SetValue(null, holder.Name);
    }

    /// <summary>The types whose field has lost what was written.</summary>
    public IEnumerable<string> Lost() => _holders.Where(h => Field(h).GetValue(null) as string != h.Name).Select(h => h.Name);

    /// <summary>Writes the calling thread's field.</summary>
    public void Touch() => Field(_perThread).SetValue(null, new object());

    private static FieldInfo Field(Type type) => type.GetField("Value")!;

    private static Type Define(ModuleBuilder module, string name, bool perThread)
    {
        TypeBuilder type = module.DefineType(name, TypeAttributes.Public | TypeAttributes.Abstract | TypeAttributes.Sealed);
        FieldBuilder field = type.DefineField("Value", typeof(object), FieldAttributes.Public | FieldAttributes.Static);
        if (perThread)
            field.SetCustomAttribute(new CustomAttributeBuilder(typeof(ThreadStaticAttribute).GetConstructor([])!, []));
        return type.CreateType();
    }
}
