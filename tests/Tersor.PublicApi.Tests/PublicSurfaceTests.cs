using System.Globalization;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text;

namespace Tersor.PublicApi.Tests;

/// <summary>
/// The public surface of each library as a text file: a change to it is a diff that someone reads. Set TERSOR_REWRITE_SNAPSHOTS=1 to take over the present surface
/// (refused under CI).
/// </summary>
public class PublicSurfaceTests
{
    private const BindingFlags Declared =
        BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;

    public static TheoryData<string> Libraries => [.. Assemblies.Select(assembly => assembly.GetName().Name!)];

    internal static IReadOnlyList<Assembly> Assemblies { get; } =
        [typeof(Models.Model).Assembly, typeof(Engine.Graphs.ExecutableGraph).Assembly, typeof(Compression.Sensitivity.FisherInformation).Assembly];

    internal static string RepositoryRoot { get; } = FindRepository();

    [Theory]
    [MemberData(nameof(Libraries))]
    public void PublicSurface_IsTheApprovedOne(string library)
    {
        string path = Path.Combine(ThisFolder(), library + ".approved.txt");
        string surface = Describe(Assemblies.Single(assembly => assembly.GetName().Name == library));
        if (Environment.GetEnvironmentVariable("TERSOR_REWRITE_SNAPSHOTS") == "1" && Environment.GetEnvironmentVariable("CI") != "true")
            File.WriteAllText(path, surface);
        Assert.Equal(File.ReadAllText(path).ReplaceLineEndings("\n"), surface);
    }

    private static string ThisFolder([CallerFilePath] string file = "") =>
        File.Exists(file) ? Path.GetDirectoryName(file)! : Path.Combine(RepositoryRoot, "tests", "Tersor.PublicApi.Tests");

    private static string FindRepository()
    {
        string? folder = AppContext.BaseDirectory;
        while (folder is not null && !File.Exists(Path.Combine(folder, "Tersor.slnx"))) folder = Path.GetDirectoryName(folder);
        return folder ?? throw new InvalidOperationException("The tests run outside the repository.");
    }

    private static string Describe(Assembly assembly)
    {
        StringBuilder text = new();
        foreach (Type type in assembly.GetExportedTypes().OrderBy(type => type.FullName, StringComparer.Ordinal))
        {
            text.Append(CultureInfo.InvariantCulture, $"{Kind(type)} {Name(type)}");
            IEnumerable<string> bases = type.IsEnum ? [] : type.GetInterfaces().Where(i => i.IsPublic).Select(Name).Order(StringComparer.Ordinal);
            if (type.IsClass && type.BaseType is { } parent && parent != typeof(object)) bases = bases.Prepend(Name(parent));
            string list = string.Join(", ", bases);
            text.Append(list.Length > 0 ? $" : {list}\n" : "\n");
            foreach (string member in type.GetMembers(Declared).Select(member => Describe(type, member)).OfType<string>().Order(StringComparer.Ordinal))
                text.Append(CultureInfo.InvariantCulture, $"    {member}\n");
        }

        return text.ToString();
    }

    private static string Kind(Type type) =>
        type.IsEnum ? "enum" : type.IsInterface ? "interface" : type.IsValueType ? "struct"
        : type is { IsAbstract: true, IsSealed: true } ? "static class" : type.IsAbstract ? "abstract class" : type.IsSealed ? "sealed class" : "class";

    private static string? Describe(Type type, MemberInfo member)
    {
        if (member.GetCustomAttribute<CompilerGeneratedAttribute>() is not null && member is not PropertyInfo) return null;
        return member switch
        {
            FieldInfo field when type.IsEnum && field.IsLiteral => $"{field.Name} = {Convert.ToInt64(field.GetRawConstantValue(), CultureInfo.InvariantCulture)}",
            FieldInfo field when field.IsPublic => $"{(field.IsLiteral ? "const " : field.IsStatic ? "static " : "")}{Name(field.FieldType)} {field.Name}",
            PropertyInfo property when Visible(property.GetMethod) || Visible(property.SetMethod) =>
                $"{Modifier(property.GetMethod ?? property.SetMethod!)}{Name(property.PropertyType)} {property.Name}{Parameters(property.GetIndexParameters(), "[", "]")} {{{(Visible(property.GetMethod) ? " get;" : "")}{Setter(property)} }}",
            MethodInfo { IsSpecialName: true } method when !method.Name.StartsWith("op_", StringComparison.Ordinal) => null,
            MethodInfo method when Visible(method) => $"{Modifier(method)}{Name(method.ReturnType)} {method.Name}{Parameters(method.GetParameters(), "(", ")")}",
            ConstructorInfo constructor when Visible(constructor) => $"new{Parameters(constructor.GetParameters(), "(", ")")}",
            EventInfo happening => $"event {Name(happening.EventHandlerType!)} {happening.Name}",
            _ => null,
        };
    }

    private static string Setter(PropertyInfo property) =>
        !Visible(property.SetMethod) ? ""
        : property.SetMethod!.ReturnParameter.GetRequiredCustomModifiers().Contains(typeof(IsExternalInit)) ? " init;" : " set;";

    private static bool Visible(MethodBase? method) => method is not null && (method.IsPublic || method.IsFamily || method.IsFamilyOrAssembly);

    private static string Modifier(MethodInfo method) => method.IsStatic ? "static " : method.IsAbstract ? "abstract " : method.IsFamily ? "protected " : "";

    private static string Parameters(ParameterInfo[] parameters, string open, string close) =>
        parameters.Length == 0 && open == "[" ? "" : open + string.Join(", ", parameters.Select(parameter => $"{Name(parameter.ParameterType)} {parameter.Name}{(parameter.HasDefaultValue ? " = default" : "")}")) + close;

    private static string Name(Type type)
    {
        if (type.IsByRef) return "ref " + Name(type.GetElementType()!);
        if (type.IsArray) return Name(type.GetElementType()!) + "[]";
        if (type.IsGenericParameter) return type.Name;
        string name = type.IsNested ? $"{Name(type.DeclaringType!)}.{type.Name}" : type.Namespace?.StartsWith("Tersor", StringComparison.Ordinal) == true ? type.FullName ?? type.Name : type.Name;
        if (!type.IsGenericType) return name;
        int tick = name.IndexOf('`', StringComparison.Ordinal);
        return $"{(tick < 0 ? name : name[..tick])}<{string.Join(", ", type.GetGenericArguments().Select(Name))}>";
    }
}
