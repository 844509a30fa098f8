// The body of the build's task MarkVersionWeak (see Torch.targets): copies the ELF file Source to Target with VER_FLG_WEAK set on what it needs
// of Version. The layout of Elf64_Ehdr, Elf64_Shdr, Elf64_Verneed and Elf64_Vernaux is that of the System V ABI and its GNU extension.
const uint VersionNeeds = 0x6ffffffe; // SHT_GNU_verneed
const byte Weak = 2; // VER_FLG_WEAK

var elf = System.IO.File.ReadAllBytes(Source);
var sections = System.BitConverter.ToInt64(elf, 40);
int size = System.BitConverter.ToUInt16(elf, 58), count = System.BitConverter.ToUInt16(elf, 60), marked = 0;
for (var i = 0; i < count; i++)
{
    var section = (int)sections + i * size;
    if (System.BitConverter.ToUInt32(elf, section + 4) != VersionNeeds)
    {
        continue;
    }

    var names = System.BitConverter.ToInt64(elf, (int)sections + System.BitConverter.ToInt32(elf, section + 40) * size + 24);
    var need = (int)System.BitConverter.ToInt64(elf, section + 24);
    for (int library = System.BitConverter.ToInt32(elf, section + 44), next = 1; library > 0 && next > 0; library--, need += next)
    {
        next = System.BitConverter.ToInt32(elf, need + 12);
        var version = need + System.BitConverter.ToInt32(elf, need + 8);
        for (int left = System.BitConverter.ToUInt16(elf, need + 2); left > 0; left--, version += System.BitConverter.ToInt32(elf, version + 12))
        {
            int name = (int)names + System.BitConverter.ToInt32(elf, version + 8), length = System.Array.IndexOf(elf, (byte)0, name) - name;
            if (System.Text.Encoding.ASCII.GetString(elf, name, length) == Version)
            {
                elf[version + 4] |= Weak;
                marked++;
            }
        }
    }
}

if (marked == 0)
{
    Log.LogMessage("{0} needs no {1}; it is copied as it is", Source, Version);
}

// Projects build side by side: each writes a file of its own, and the last one stays.
System.IO.Directory.CreateDirectory(System.IO.Path.GetDirectoryName(Target));
var own = Target + "." + System.Guid.NewGuid().ToString("N");
System.IO.File.WriteAllBytes(own, elf);
try
{
    System.IO.File.Move(own, Target);
}
catch (System.IO.IOException)
{
    System.IO.File.Replace(own, Target, null);
}
