namespace Orleans.MasterSlave.Routing;

/// <summary>
/// Told by Orleans when gateways come and go: where keys lead, and which direct ways work, may be otherwise from then on.
/// </summary>
internal sealed class GatewayObserver(Relays relays, DirectWays directWays) : IClusterConnectionStatusObserver
{
    public void NotifyGatewayCountChanged(int currentNumberOfGateways, int previousNumberOfGateways, bool connectionRecovered) => Forget();

    public void NotifyClusterConnectionLost() => Forget();

    private void Forget()
    {
        relays.ForgetKeys();
        directWays.Forget();
    }
}
