using Grpc.Core;

namespace Grpc.Tests;

public class MetadataTests
{
    [Fact]
    public void Metadata_has_lower_case_keys_and_the_last_value_counts()
    {
        var metadata = new Metadata { { "Key", "a" }, { "key", "b" } };
        Assert.Equal("b", metadata.GetValue("key"));
        Assert.Equal("b", metadata.GetValue("KEY"));
        Assert.Equal(["a", "b"], metadata.GetAll("key").Select(entry => entry.Value));
        Assert.Null(metadata.Get("other"));
        Assert.Throws<ArgumentException>(() => metadata.Add("key-bin", "text"));
        Assert.Throws<ArgumentException>(() => metadata.Add("key", [1]));
        Assert.Throws<ArgumentException>(() => metadata.Add("no spaces", "a"));
        Assert.Throws<InvalidOperationException>(() => Metadata.Empty.Add("key", "a"));
    }
}
