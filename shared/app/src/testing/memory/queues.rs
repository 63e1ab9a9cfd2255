//! The inbox and the workers' queue in memory.

use async_trait::async_trait;
use bellhop_core::action::Lane;
use bellhop_core::id::EventId;
use bellhop_core::inbox::{Message, order_text};
use bellhop_core::order::Order;
use bellhop_core::work::Queued;

use super::Memory;
use crate::ports::{Bodies, Inbox, MOST_DELAY_SECONDS, Orders, PortError, PortResult, Postponed, Receipts, WorkQueue};

/// The longest body that an inbox message carries.
const MOST_CARRIED_BYTES: usize = 320 * 1024;

#[async_trait]
impl Inbox for Memory {
    async fn put(&self, message: &Message<'_>) -> PortResult<()> {
        let carried = message.body.len() <= MOST_CARRIED_BYTES;
        let text = if carried { message.to_text() } else { message.to_claim() };
        self.call("put", |world, now| {
            if !carried {
                world.bodies.insert(message.id, message.body.to_vec());
            }
            world.inbox.put(text, "", "", now);
        })
        .await
    }
}

#[async_trait]
impl Bodies for Memory {
    async fn get(&self, event: EventId) -> PortResult<Vec<u8>> {
        let body = self.call("body", |world, _| world.bodies.get(&event).cloned()).await?;
        body.ok_or_else(|| PortError::new("no body is kept", event))
    }
}

#[async_trait]
impl Orders for Memory {
    async fn give(&self, order: &Order) -> PortResult<()> {
        let text = order_text(order);
        self.call("give", |world, now| world.inbox.put(text, "", "", now)).await
    }

    async fn give_in(&self, orders: &[(Order, u64)]) -> PortResult<()> {
        if let Some((_, seconds)) = orders.iter().find(|(_, seconds)| *seconds > MOST_DELAY_SECONDS) {
            let why = format_args!("{seconds} seconds, and the most is {MOST_DELAY_SECONDS}");
            return Err(PortError::new("an order cannot wait for so long", why));
        }
        self.call("give_in", |world, now| {
            for (order, seconds) in orders {
                world.inbox.put_later(order_text(order), *seconds, now);
            }
        })
        .await
    }
}

#[async_trait]
impl WorkQueue for Memory {
    async fn send_queued(&self, messages: Vec<Queued>) -> PortResult<()> {
        self.call("send", |world, now| {
            for Queued { lane, group, key, message, .. } in messages {
                let group = if lane == Lane::Ordered { group } else { key.clone() };
                world.work.put(message, &group, &key, now);
            }
        })
        .await
    }
}

#[async_trait]
impl Receipts for Memory {
    async fn postpone(&self, messages: &[Postponed<'_>]) -> PortResult<()> {
        self.call("postpone", |world, now| {
            for message in messages {
                world.work.postpone(message.receipt, message.seconds, now);
            }
        })
        .await
    }

    async fn delete(&self, receipts: &[&str]) -> PortResult<()> {
        self.call("delete", |world, now| receipts.iter().for_each(|receipt| world.work.delete(receipt, now))).await
    }
}
