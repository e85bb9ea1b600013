//! What every network must do.

use std::io::ErrorKind;

use tokio::io::AsyncWriteExt;

use crate::common::{Net, any_port, expect, expect_fin, expect_reset, send};

on_both_networks! {
    async fn connecting_where_nobody_listens_is_refused(net: Net) {
        let listener = net.listen().await;
        let address = listener.address();
        drop(listener);
        assert_eq!(net.connect(address).await.unwrap_err().kind(), ErrorKind::ConnectionRefused);
    }

    async fn dropping_a_listener_frees_its_address(net: Net) {
        let listener = net.listen().await;
        let address = listener.address();
        assert_eq!(net.network.listen(address).await.unwrap_err().kind(), ErrorKind::AddrInUse);
        drop(listener);
        assert_eq!(net.network.listen(address).await.unwrap().address(), address);
    }

    async fn dropping_a_listener_resets_whom_it_did_not_accept(net: Net) {
        let listener = net.listen().await;
        let mut client = net.connect(listener.address()).await.unwrap();
        drop(listener);
        expect_reset(&mut client).await;
    }

    async fn port_0_gives_distinct_ports(net: Net) {
        let listeners = [net.listen().await, net.listen().await, net.listen().await];
        let mut ports: Vec<u16> = listeners.iter().map(|listener| listener.address().port()).collect();
        ports.sort_unstable();
        ports.dedup();
        assert_eq!(ports.len(), 3);
        assert!(!ports.contains(&any_port().port()));
    }

    async fn a_dropped_link_is_seen_as_fin(net: Net) {
        let mut listener = net.listen().await;
        let mut client = net.connect(listener.address()).await.unwrap();
        let (mut server, _) = listener.accept().await.unwrap();
        send(&mut client, b"last words").await;
        drop(client);
        expect(&mut server, b"last words").await;
        expect_fin(&mut server).await;
    }

    async fn a_link_reset_on_drop_is_seen_as_reset(net: Net) {
        let mut listener = net.listen().await;
        let mut client = net.connect(listener.address()).await.unwrap();
        let (mut server, _) = listener.accept().await.unwrap();
        server.reset_on_drop();
        drop(server);
        expect_reset(&mut client).await;
    }

    async fn a_shut_down_link_can_still_read(net: Net) {
        let mut listener = net.listen().await;
        let mut client = net.connect(listener.address()).await.unwrap();
        let (mut server, _) = listener.accept().await.unwrap();
        client.shutdown().await.unwrap();
        expect_fin(&mut server).await;
        send(&mut server, b"answer").await;
        expect(&mut client, b"answer").await;
    }
}
