using Microsoft.Extensions.DependencyInjection;
using Orleans.Serialization;
using Xunit;

namespace Orleans.MasterSlave.Tests.Abstractions;

public sealed class ExceptionSerializationTests
{
    private static readonly Serializer Serializer =
        new ServiceCollection().AddSerializer().BuildServiceProvider().GetRequiredService<Serializer>();

    public static TheoryData<Type> Types =>
        [.. typeof(MasterSlaveException).Assembly.GetTypes().Where(type => type.IsSubclassOf(typeof(MasterSlaveException)))];

    [Theory, MemberData(nameof(Types))]
    public void Exception_KeepsItsTypeMessageAndCause(Type type)
    {
        var thrown = (Exception)Activator.CreateInstance(type, "what happened", new TimeoutException("why"))!;

        var read = Serializer.Deserialize<Exception>(Serializer.SerializeToArray(thrown))!;

        Assert.Equal(type, read.GetType());
        Assert.Equal("what happened", read.Message);
        Assert.IsType<TimeoutException>(read.InnerException);
        Assert.True(type.IsSealed);
    }
}
