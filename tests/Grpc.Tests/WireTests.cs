using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Grpc.Core;
using Grpc.Wire;

namespace Grpc.Tests;

public class WireTests
{
    [Fact]
    public void Any_status_message_survives_percent_encoding_as_printable_ascii() => Prop.ForAll<string>(text =>
    {
        // A lone surrogate has no UTF-8.
        var message = Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text ?? ""));
        var encoded = GrpcHeaders.EncodeMessage(message);
        return encoded.All(c => c is >= ' ' and <= '~') && GrpcHeaders.DecodeMessage(encoded) == message;
    }).QuickCheckThrowOnFailure();

    [Fact]
    public void Any_bytes_survive_a_binary_header_with_or_without_padding() => Prop.ForAll<byte[]>(bytes =>
    {
        var text = GrpcHeaders.ValueOf(new Metadata.Entry("k-bin", bytes));
        var metadata = new Metadata();
        GrpcHeaders.AddTo(metadata, "K-Bin", text);
        GrpcHeaders.AddTo(metadata, "k-bin", text.TrimEnd('='));
        return metadata.Count == 2 && metadata.All(entry => entry.ValueBytes.SequenceEqual(bytes));
    }).QuickCheckThrowOnFailure();

    [Fact]
    public void A_binary_header_may_hold_several_values()
    {
        var metadata = new Metadata();
        GrpcHeaders.AddTo(metadata, "k-bin", "AQ==, Ag");
        Assert.Equal([[1], [2]], metadata.GetAll("k-bin").Select(entry => entry.ValueBytes));
    }

    [Theory]
    [InlineData("k-bin", "%%%")]
    [InlineData("not!valid", "value")]
    public void A_header_that_cannot_be_metadata_is_left_out(string name, string value)
    {
        var metadata = new Metadata();
        GrpcHeaders.AddTo(metadata, name, value);
        Assert.Empty(metadata);
    }

    [Fact]
    public void Metadata_has_lower_case_keys_and_the_last_value_counts()
    {
        var metadata = new Metadata { { "Key", "a" }, { "key", "b" } };
        Assert.Equal("b", metadata.GetValue("key"));
        Assert.Equal(["a", "b"], metadata.GetAll("key").Select(entry => entry.Value));
        Assert.Null(metadata.Get("other"));
        Assert.Throws<ArgumentException>(() => metadata.Add("key-bin", "text"));
        Assert.Throws<ArgumentException>(() => metadata.Add("key", [1]));
        Assert.Throws<ArgumentException>(() => metadata.Add("no spaces", "a"));
        Assert.Throws<InvalidOperationException>(() => Metadata.Empty.Add("key", "a"));
    }
}
