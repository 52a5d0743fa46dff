"""What the shop holds on its first day."""

USERS = (
    (1, "Alice", "alice@example.com"),
    (2, "Bob", "bob@example.com"),
    (42, "Arthur", "arthur@example.com"),
)

CATEGORIES = (
    ("shoes", "Shoes"),
    ("shoes/running", "Running shoes"),
    ("shoes/hiking", "Hiking boots"),
    ("shoes/everyday", "Everyday shoes"),
    ("bags", "Bags"),
    ("bags/backpacks", "Backpacks"),
    ("bags/totes", "Totes"),
    ("clothing", "Clothing"),
    ("clothing/jackets", "Jackets"),
    ("clothing/socks", "Socks"),
)

PRODUCTS = (    # slug, name, category, price in euro cents, colour
    ("trail-fox", "Trail Fox", "shoes/running", 11900, "#c2572b"),
    ("tempo-swift", "Tempo Swift", "shoes/running", 12900, "#2a6f97"),
    ("night-heron", "Night Heron", "shoes/running", 13900, "#3d405b"),
    ("meadow-lark", "Meadow Lark", "shoes/running", 9900, "#6a994e"),
    ("ridge-ibex", "Ridge Ibex", "shoes/hiking", 18900, "#7f5539"),
    ("moss-badger", "Moss Badger", "shoes/hiking", 16900, "#4f6d4a"),
    ("scree-marmot", "Scree Marmot", "shoes/hiking", 15900, "#8a817c"),
    ("town-sparrow", "Town Sparrow", "shoes/everyday", 7900, "#b08968"),
    ("harbour-gull", "Harbour Gull", "shoes/everyday", 8400, "#5c8fa8"),
    ("garden-robin", "Garden Robin", "shoes/everyday", 6900, "#bc4749"),
    ("attic-owl", "Attic Owl", "shoes/everyday", 8900, "#6d597a"),
    ("cellar-mouse", "Cellar Mouse", "shoes/everyday", 5900, "#9a8c98"),
    ("summit-20", "Summit 20", "bags/backpacks", 8900, "#386641"),
    ("commuter-16", "Commuter 16", "bags/backpacks", 7400, "#33415c"),
    ("weekend-35", "Weekend 35", "bags/backpacks", 12400, "#a44a3f"),
    ("market-tote", "Market Tote", "bags/totes", 2400, "#d4a373"),
    ("paper-tote", "Paper Tote", "bags/totes", 1900, "#a98467"),
    ("drizzle-shell", "Drizzle Shell", "clothing/jackets", 14900, "#457b9d"),
    ("ember-fleece", "Ember Fleece", "clothing/jackets", 9900, "#d1495b"),
    ("wool-sock", "Wool Sock", "clothing/socks", 1400, "#7d8597"),
    ("merino-crew", "Merino Crew", "clothing/socks", 1600, "#588157"),
)
