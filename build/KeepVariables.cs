// The body of the build's task KeepVariables (see Torch.targets): copies the assembly Source to Target with its DebuggableAttribute set so that
// the JIT compiler keeps variables to the end of their method. The attribute's value is a blob (ECMA-335, II.23.3) of 8 bytes: a prolog, the
// modes as an int32, no named arguments.
byte[] optimised = { 8, 1, 0, 2, 0, 0, 0, 0, 0 }; // IgnoreSymbolStoreSequencePoints
const int Modes = 0x107; // and Default, EnableEditAndContinue, DisableOptimizations

var assembly = System.IO.File.ReadAllBytes(Source);
int at = -1, found = 0;
for (var i = 0; i <= assembly.Length - optimised.Length; i++)
{
    var isHere = true;
    for (var j = 0; j < optimised.Length && isHere; j++)
    {
        isHere = assembly[i + j] == optimised[j];
    }

    if (isHere)
    {
        (at, found) = (i, found + 1);
    }
}

if (found != 1)
{
    Log.LogError("{0} has {1} places that look like its DebuggableAttribute, expected: 1. See build/Torch.targets on why it is changed", Source, found);
    return false;
}

System.BitConverter.GetBytes(Modes).CopyTo(assembly, at + 3);

// Projects build side by side: each writes a file of its own, and the last one stays.
System.IO.Directory.CreateDirectory(System.IO.Path.GetDirectoryName(Target));
var own = Target + "." + System.Guid.NewGuid().ToString("N");
System.IO.File.WriteAllBytes(own, assembly);
try
{
    System.IO.File.Move(own, Target);
}
catch (System.IO.IOException)
{
    System.IO.File.Replace(own, Target, null);
}
