using Microsoft.Extensions.DependencyInjection;

namespace Orleans.MasterSlave.Filters;

/// <summary>The incoming filters that see the author's methods: the silo's, then the grain class's own.</summary>
internal sealed class IncomingFilters(IServiceProvider services)
{
    private readonly Lazy<IIncomingGrainCallFilter[]> _ofSilo = new(() =>
        [.. services.GetServices<IIncomingGrainCallFilter>().Where(filter => filter is not OwnCallsFilter)]);

    public bool AnyOfSilo => _ofSilo.Value.Length > 0;

    public IIncomingGrainCallFilter[] For(object grain) => grain is IIncomingGrainCallFilter own ? [.. _ofSilo.Value, own] : _ofSilo.Value;
}
