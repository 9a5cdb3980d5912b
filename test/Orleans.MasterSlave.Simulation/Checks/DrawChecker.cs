using Orleans.MasterSlave.Contracts;
using Orleans.MasterSlave.Journal;
using Orleans.MasterSlave.Simulated.World;

namespace Orleans.MasterSlave.Simulated.Checks;

/// <summary>Watches what operations draw: the same on every replica and at every replay, and never the same at two places (W9).</summary>
internal sealed class DrawChecker(SimWorld world)
{
    private readonly Dictionary<Guid, Place> _placeOf = [];
    private readonly Dictionary<Place, Guid> _drawAt = [];

    public void Drawn(GroupId group, LogEntry operation, Guid draw)
    {
        var place = new Place(group, operation.Epoch.Value, operation.Index.Value, operation.Request);
        if (!_placeOf.TryAdd(draw, place)) world.Require(_placeOf[draw] == place, () => $"{place} and {_placeOf[draw]} drew the same (W9)");
        if (!_drawAt.TryAdd(place, draw)) world.Require(_drawAt[place] == draw, () => $"{place} drew differently on two replicas, or at a replay (W9)");
    }

    private readonly record struct Place(GroupId Group, long Epoch, long Index, RequestId Request);
}
