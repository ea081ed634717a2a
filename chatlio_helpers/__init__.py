"""From nothing to Chatlio live-chat events landing, verified, in Adobe Experience Platform."""
